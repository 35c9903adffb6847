import assert from 'node:assert/strict';
import type { SuiteActor } from './actor.ts';
import type { Answer, Variant } from './client.ts';

/** What a module of the suite asks for, in our words, and how it is tried here. */
export type SuiteCase = {
  /** As the suite names it, without the prefix that all have. */
  readonly module: string;
  readonly applies?: (variant: Variant) => boolean;
  run(one: SuiteActor, other: SuiteActor): Promise<void>;
};

export const withProofs = ({ constraint }: Variant): boolean => constraint === 'dpop';
export const withAssertions = ({ auth }: Variant): boolean => auth === 'private_key_jwt';

/** RFC 6749 §5.2. */
const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

/** An error as an endpoint must write it: JSON that is not cached, one of these errors, 401 for a client that is not known only. */
export const refusedAs = ({ status, headers, body }: Answer, ...errors: readonly string[]): void => {
  const error = String(body['error']);
  assert.ok(errors.includes(error), JSON.stringify(body));
  assert.equal(status, error === 'invalid_client' ? 401 : 400);
  assert.equal(headers.get('content-type'), 'application/json');
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.match(String(body['error_description']), DESCRIPTION);
};

export const accepted = ({ status, body }: Answer, expected = 200): void =>
  assert.equal(status, expected, JSON.stringify(body));
