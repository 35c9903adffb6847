import type { Exchange } from '../../wire/exchange.ts';
import { objectOf } from '../../wire/route-description.ts';
import type { JsonSchema, RefusalFormat } from '../../wire/route-description.ts';
import type { OAuthAnswer } from './refusals.ts';

/** How a wire writes the body of an error. */
export type ErrorForm = {
  /** The schema of the body. `codes` are those that the wire has. */
  schemaOf(codes: readonly string[]): JsonSchema;
  write(answer: Pick<OAuthAnswer, 'error' | 'description'>, exchange: Exchange): object;
  readonly read: RefusalFormat['read'];
  /** The vendor's code for each error of OAuth 2.0, where they differ: a fault of a sandbox names the latter. */
  readonly codes?: Readonly<Record<string, string>>;
};

/** RFC 6749 §5.2. */
export const OAUTH_ERROR_FORM: ErrorForm = {
  schemaOf: (codes) =>
    objectOf({ error: { enum: codes }, error_description: { type: 'string', minLength: 1 } }),
  write: ({ error, description }) => ({ error, error_description: description }),
  read: (body) => {
    const { error, error_description: text } = body as { error: string; error_description: string };
    return { code: error, text };
  },
};
