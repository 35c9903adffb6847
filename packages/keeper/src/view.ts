import type { ConsentCause, Due, Grant, GrantState } from './grants/grant.ts';
import type { Attempt } from './stores/store.ts';
import type { Millis } from './time.ts';

/** A connection as people and programs see it. It holds no token, sealed or not. */
export type ConnectionView = {
  readonly name: string;
  readonly grantId: string;
  readonly client: string;
  readonly params: Readonly<Record<string, string>>;
  readonly state: GrantState;
  readonly cause: ConsentCause | undefined;
  readonly sinceMs: Millis;
  readonly generation: number;
  readonly issuedAtMs: Millis;
  readonly accessExpiresAtMs: Millis;
  readonly refreshExpiresAtMs: Millis | undefined;
  /** When the keeper looks at it again. */
  readonly due: Due | undefined;
  readonly failures: number;
  readonly askedAtMs: Millis | undefined;
  readonly isAtRisk: boolean;
};

/** One connection with its history. */
export type ConnectionDetails = ConnectionView & {
  /** Every connection that uses the same grant, this one included. */
  readonly sharedBy: readonly string[];
  /** The last sends, newest first. */
  readonly attempts: readonly Attempt[];
};

export const viewOf = (name: string, grant: Grant): ConnectionView => ({
  name,
  grantId: grant.id,
  client: grant.client,
  params: grant.params,
  state: grant.state,
  cause: grant.cause,
  sinceMs: grant.sinceMs,
  generation: grant.generation,
  issuedAtMs: grant.issuedAtMs,
  accessExpiresAtMs: grant.accessExpiresAtMs,
  refreshExpiresAtMs: grant.refreshExpiresAtMs,
  due: grant.due,
  failures: grant.failures,
  askedAtMs: grant.askedAtMs,
  isAtRisk: grant.isAtRisk,
});
