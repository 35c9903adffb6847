import type { Millis } from '../time.ts';
import type { ConsentCause } from './grant.ts';

/** What happened to a grant: stored in the transaction that makes it true, so it is announced once, and never lost. */
export type GrantEvent =
  /** The provider ended the grant. Once per death. */
  | {
      readonly kind: 'needs_consent';
      readonly cause: ConsentCause;
      /** The last access token may work until then. */
      readonly accessValidUntilMs: Millis;
    }
  /** A refresh got no answer, or a refusal without a clear reason. The old access token works until the deadline. */
  | { readonly kind: 'at_risk'; readonly deadlineMs: Millis }
  /** What was at risk, or believed dead, works again. */
  | { readonly kind: 'recovered' }
  /** The refresh token ends soon, and could not be refreshed. */
  | { readonly kind: 'expiring'; readonly refreshExpiresAtMs: Millis; readonly daysLeft: number }
  /**
   * The revocation of a connection that was closed is over: the provider has ended the pair; it refused to, or did not in twelve tries over four
   * days (`given_up`); or there was nothing to revoke.
   */
  | {
      readonly kind: 'revocation_ended';
      readonly connection: string;
      readonly result: 'revoked' | 'refused' | 'not_offered';
      /** A status (`http_200`), `given_up` or `not_offered`. */
      readonly outcome: string;
    };

/** What happened to a client. Stored as well. */
export type ClientEvent =
  /** The provider refuses the client itself. Its grants are not touched; one at a time tries again. */
  | { readonly kind: 'client.misconfigured'; readonly client: string; readonly code: string }
  /** It works again. */
  | { readonly kind: 'client.recovered'; readonly client: string }
  /** The provider asked for a pause. */
  | { readonly kind: 'client.throttled'; readonly client: string; readonly untilMs: Millis }
  /** No connection to the provider stands. Its grants are not touched; one at a time tries again. */
  | { readonly kind: 'client.outage'; readonly client: string; readonly code: string }
  /** It answers again. */
  | { readonly kind: 'client.outage_ended'; readonly client: string; readonly sinceMs: Millis }
  /** The clock of this machine and that of the provider are far apart; positive where theirs is ahead. */
  | { readonly kind: 'client.clock_skewed'; readonly client: string; readonly skewMs: Millis }
  /** The provider behaves unlike its profile. */
  | {
      readonly kind: 'provider.surprise';
      readonly client: string;
      readonly fact: string;
      readonly expected: number | boolean | string | null;
      readonly seen: number | boolean | string;
    };
