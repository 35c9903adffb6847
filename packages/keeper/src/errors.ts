import type { ConsentCause } from './grants/grant.ts';
import type { Millis } from './time.ts';

/** Why a keeper cannot start, or why a call can never succeed as it is. The remedy says what to do. */
export class KeeperError extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, remedy: string, options?: ErrorOptions) {
    super(`${message}. ${remedy}`, options);
    this.name = 'KeeperError';
    this.code = code;
    this.remedy = remedy;
  }
}

/** The owner must consent again. Only a new pair (`put`) helps. */
export class NeedsConsentError extends Error {
  readonly code = 'needs_consent';
  readonly connection: string;
  override readonly cause: ConsentCause;

  constructor(connection: string, cause: ConsentCause) {
    super(`${connection}: the owner must consent again (${cause})`);
    this.name = 'NeedsConsentError';
    this.connection = connection;
    this.cause = cause;
  }
}

/** There is no valid access token at this moment. The grant lives: never a reason to log an owner out. */
export class UnavailableError extends Error {
  readonly code = 'unavailable';
  readonly connection: string;
  readonly reason: string;
  readonly retryAtMs: Millis;

  constructor(connection: string, reason: string, retryAtMs: Millis) {
    super(`${connection}: no access token at this moment (${reason})`);
    this.name = 'UnavailableError';
    this.connection = connection;
    this.reason = reason;
    this.retryAtMs = retryAtMs;
  }
}

/** Why there is no access token, and no refresh, while the store is away: of every verb, route and command. */
export const STORE_UNAVAILABLE = 'store_unavailable';

/**
 * The store failed. `unavailable`: nothing was written. `outcome_unknown`: the commit may or may not be on disk; the
 * caller repeats its conditional write, and sees which. Verbs about access tokens do not throw it: their answer is `unavailable`, or
 * `later`, with the reason `store_unavailable`.
 */
export class StoreError extends Error {
  readonly kind: 'unavailable' | 'outcome_unknown';
  readonly code: 'store_unavailable' | 'store_outcome_unknown';
  readonly remedy = 'Try again; "keyfob-keeper doctor" checks the store.';

  constructor(kind: StoreError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.kind = kind;
    this.code = `store_${kind}`;
  }
}
