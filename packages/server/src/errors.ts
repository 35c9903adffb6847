/**
 * Why a request is refused. Private: an event carries it, the wire never does. What the client reads instead is
 * the constant text that its dialect's refusal table has for the reason.
 */
export type RefusalReason =
  // the request itself
  | 'path_unknown'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'body_too_slow'
  | 'request_malformed'
  | 'expectation_unknown'
  | 'content_type_wrong'
  | 'body_malformed'
  | 'parameter_repeated'
  | 'parameters_wrong'
  | 'user_agent_missing'
  | 'idempotency_key_malformed'
  | 'grant_type_missing'
  | 'grant_type_unsupported'
  | 'refresh_token_missing'
  | 'refresh_token_malformed'
  | 'code_missing'
  | 'code_malformed'
  | 'redirect_uri_missing'
  | 'redirect_uri_unregistered'
  // who is asking
  | 'credentials_missing'
  | 'credentials_malformed'
  | 'credentials_twice'
  | 'client_unknown'
  | 'client_secret_wrong'
  | 'client_of_other_dialect'
  | 'client_disabled'
  // what was presented
  | DeadCodeReason
  | DeadTokenReason
  // what is asked besides tokens
  | 'client_not_permitted'
  | 'scope_unknown'
  | 'token_missing'
  | 'token_type_unsupported'
  | 'access_token_missing'
  | 'access_token_dead'
  | 'scope_missing'
  | 'vehicle_unknown'
  | 'vehicles_not_shared'
  // ourselves
  | 'throttled'
  | 'store_unavailable'
  | 'overloaded';

/** Why an authorization code of the right form gets nothing. One answer on the wire, but for the redirect. */
export type DeadCodeReason =
  | 'code_unknown'
  | 'code_expired'
  | 'code_client_mismatch'
  | 'code_redirect_wrong'
  | 'code_verifier_wrong'
  | 'code_replayed';

/** Why a refresh token of the right form gets nothing. One answer on the wire for all of them. */
export type DeadTokenReason =
  | 'token_undecryptable'
  | 'unknown'
  | 'client_mismatch'
  | 'brand_mismatch'
  | 'revoked'
  | 'expired'
  | 'concurrent_use'
  | 'ahead'
  | 'replayed';

/** One fault of one field of a request, as the Pleos wire lists them in `details`. Constant text, no value echoed. */
export type FieldFault = { readonly field: string; readonly message: string };

/** A request that gets a decided "no". Thrown anywhere below the endpoint, caught and rendered there, once. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  readonly details: readonly FieldFault[];
  /** Whole seconds, at least 1; `undefined` where there is nothing to wait for, or nobody knows how long. */
  readonly retryAfterSeconds: number | undefined;
  /** The client, where it is known; for the log event, never for the wire. */
  readonly clientId: string | undefined;
  /** Whether the code that threw it has emitted a log event for it. */
  readonly isReported: boolean;

  constructor(
    reason: RefusalReason,
    details: readonly FieldFault[] = [],
    about: {
      readonly retryAfterSeconds?: number;
      readonly clientId?: string | undefined;
      readonly isReported?: boolean;
    } = {},
  ) {
    super(reason);
    this.name = 'Refusal';
    this.reason = reason;
    this.details = details;
    this.retryAfterSeconds = about.retryAfterSeconds;
    this.clientId = about.clientId;
    this.isReported = about.isReported ?? false;
  }
}

/**
 * The store could not do what it was asked. `unavailable`: nothing was changed. `outcome_unknown`: the answer to a
 * commit was lost, so it may or may not have happened. Both are HTTP 503, never a dead token.
 */
export class StoreError extends Error {
  readonly kind: 'unavailable' | 'outcome_unknown';

  constructor(kind: 'unavailable' | 'outcome_unknown', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.kind = kind;
  }
}

/** A token does not open, but may: the store knows of a newer key than the ring holds. */
export const keyMissing = (): StoreError =>
  new StoreError('unavailable', 'the key ring lacks a key that the store knows of');

/** Something the operator has to remedy before the program can go on: what is wrong, and what to do about it. */
export class OperatorError extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperatorError';
    this.code = code;
    this.remedy = remedy;
  }
}
