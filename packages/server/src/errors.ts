import type { Seconds } from './clock.ts';
import { faultInEnglish, faultToSentence } from './language.ts';
import type { Fault, Sentence } from './language.ts';

/**
 * Every reason for which a request is refused, with its class. Private: a log event carries the reason, the wire never
 * does. A dialect answers each reason with a constant text; reasons of one class may share an answer.
 */
const REFUSALS = {
  // the request itself
  path_unknown: 'request',
  method_not_allowed: 'request',
  body_too_large: 'request',
  body_too_slow: 'request',
  headers_too_large: 'request',
  request_malformed: 'request',
  expectation_unknown: 'request',
  content_type_wrong: 'request',
  body_malformed: 'request',
  parameter_repeated: 'request',
  parameters_wrong: 'request',
  user_agent_missing: 'request',
  idempotency_key_malformed: 'request',
  grant_type_missing: 'request',
  grant_type_unsupported: 'request',
  grant_type_specific: 'request',
  parameter_missing: 'request',
  refresh_token_missing: 'request',
  refresh_token_malformed: 'dead_token',
  code_missing: 'request',
  code_malformed: 'dead_code',
  redirect_uri_missing: 'request',
  redirect_uri_unregistered: 'request',
  request_uri_invalid: 'request',
  request_uri_used: 'request',
  request_not_pushed: 'request',
  request_too_long: 'request',
  selection_expired: 'request',
  form_outdated: 'request',
  form_of_other_site: 'request',
  cookies_missing: 'request',
  origin_unregistered: 'request',
  // the client
  credentials_missing: 'unauthenticated',
  credentials_malformed: 'unauthenticated',
  credentials_twice: 'unauthenticated',
  client_unknown: 'unauthenticated',
  client_secret_wrong: 'unauthenticated',
  client_of_other_dialect: 'unauthenticated',
  client_disabled: 'unauthenticated',
  client_method_wrong: 'unauthenticated',
  // who sends a bound token, or asks for one
  proof_missing: 'unproved',
  proof_malformed: 'unproved',
  proof_key_refused: 'unproved',
  proof_signature_wrong: 'unproved',
  proof_of_other_request: 'unproved',
  proof_of_other_token: 'unproved',
  proof_of_other_key: 'unproved',
  proof_out_of_time: 'unproved',
  proof_nonce_missing: 'unproved',
  proof_repeated: 'unproved',
  certificate_wrong: 'unproved',
  // an assertion by which a client authenticates (RFC 7523)
  assertion_malformed: 'unauthenticated',
  assertion_algorithm_wrong: 'unauthenticated',
  assertion_type_wrong: 'unauthenticated',
  assertion_claims_wrong: 'unauthenticated',
  assertion_audience_wrong: 'unauthenticated',
  assertion_expired: 'unauthenticated',
  assertion_from_future: 'unauthenticated',
  assertion_lifetime_too_long: 'unauthenticated',
  assertion_key_unknown: 'unauthenticated',
  assertion_signature_wrong: 'unauthenticated',
  assertion_replayed: 'unauthenticated',
  client_keys_unavailable: 'unavailable',
  // an authorization code
  code_unknown: 'dead_code',
  code_expired: 'dead_code',
  code_client_mismatch: 'dead_code',
  code_redirect_wrong: 'dead_code',
  code_verifier_wrong: 'dead_code',
  code_key_wrong: 'dead_code',
  code_reloaded: 'dead_code',
  code_replayed: 'dead_code',
  // a refresh token
  token_undecryptable: 'dead_token',
  unknown: 'dead_token',
  client_mismatch: 'dead_token',
  brand_mismatch: 'dead_token',
  revoked: 'dead_token',
  expired: 'dead_token',
  until_passed: 'dead_token',
  concurrent_use: 'dead_token',
  ahead: 'dead_token',
  replayed: 'dead_token',
  key_compromised: 'dead_token',
  key_retired: 'dead_token',
  // what is asked besides tokens
  client_not_permitted: 'not_permitted',
  scope_unknown: 'request',
  scope_not_allowed: 'request',
  details_malformed: 'request',
  details_not_allowed: 'request',
  target_unknown: 'request',
  token_missing: 'request',
  token_type_unsupported: 'request',
  redirect_uris_invalid: 'request',
  metadata_invalid: 'request',
  software_statement_unapproved: 'request',
  registration_token_wrong: 'dead_access_token',
  access_token_missing: 'dead_access_token',
  access_token_dead: 'dead_access_token',
  scope_missing: 'not_permitted',
  vehicle_unknown: 'not_permitted',
  vehicles_not_shared: 'not_permitted',
  personal_grant_ended: 'not_permitted',
  // the server itself
  throttled: 'throttled',
  store_unavailable: 'unavailable',
  overloaded: 'unavailable',
} as const;

export type RefusalReason = keyof typeof REFUSALS;
export type RefusalClass = (typeof REFUSALS)[RefusalReason];

export const REFUSAL_REASONS = Object.keys(REFUSALS) as readonly RefusalReason[];

export const classOf = (reason: RefusalReason): RefusalClass => REFUSALS[reason];

type ReasonOf<Class extends RefusalClass> = {
  [Reason in RefusalReason]: (typeof REFUSALS)[Reason] extends Class ? Reason : never;
}[RefusalReason];

/** The reasons of one class. */
export const reasonsOf = <Class extends RefusalClass>(wanted: Class): readonly ReasonOf<Class>[] =>
  REFUSAL_REASONS.filter((reason): reason is ReasonOf<Class> => REFUSALS[reason] === wanted);

/** Why an assertion does not prove the client that it names. */
const ASSERTION_REASONS = [
  'assertion_algorithm_wrong',
  'assertion_type_wrong',
  'assertion_claims_wrong',
  'assertion_audience_wrong',
  'assertion_expired',
  'assertion_from_future',
  'assertion_lifetime_too_long',
  'assertion_key_unknown',
  'assertion_signature_wrong',
  'assertion_replayed',
] as const satisfies readonly RefusalReason[];
export type AssertionReason = (typeof ASSERTION_REASONS)[number];

/** Why a client that a request names is not accepted. */
export const CLIENT_REASONS = [
  'client_unknown',
  'client_secret_wrong',
  'client_of_other_dialect',
  'client_disabled',
  'client_method_wrong',
  ...ASSERTION_REASONS,
] as const satisfies readonly RefusalReason[];
export type ClientReason = (typeof CLIENT_REASONS)[number];

export const isClientReason = (reason: RefusalReason): reason is ClientReason =>
  CLIENT_REASONS.some((one) => one === reason);

/** Why an authorization code of the right form gets nothing. */
export type DeadCodeReason = Exclude<ReasonOf<'dead_code'>, 'code_malformed'>;

/** Why a refresh token of the right form gets nothing. */
export type DeadTokenReason = Exclude<ReasonOf<'dead_token'>, 'refresh_token_malformed'>;

/** Why a request with a refresh token gets no tokens. */
export type RefusedTokenReason = RefusedGrantReason | 'scope_not_allowed' | 'details_not_allowed';
type RefusedGrantReason = ReasonOf<'dead_token'> | 'client_disabled';

/** Why a request with an authorization code gets no tokens: the code, or the grant that it was redeemed for. */
export type RefusedCodeReason =
  ReasonOf<'dead_code'> | RefusedGrantReason | 'redirect_uri_missing' | 'details_not_allowed';

/** What is wrong with one field of a request, for dialects that report it. Constant text; a value is never echoed. */
export type FieldFault = { readonly field: string; readonly message: string };

/**
 * An error as OAuth 2.0 writes it (RFC 6749 §5.2), for a refusal that has words of its own, such as those of one grant
 * type. Constant text. The dialects whose errors are those of OAuth 2.0 render it; others answer
 * what they have for the reason.
 */
export type OAuthError = { readonly error: string; readonly description: string };

/** A request that is refused. Thrown anywhere below the endpoint; caught and rendered there, once. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  readonly details: readonly FieldFault[];
  /** Whole seconds, at least 1; `undefined` if waiting does not help, or for an unknown time. */
  readonly retryAfterSeconds: Seconds | undefined;
  /** The client, where it is known; for the log event, never for the wire. */
  readonly clientId: string | undefined;
  /** Whether the code that threw it has emitted a log event for it. */
  readonly isReported: boolean;
  readonly oauthError: OAuthError | undefined;
  /** Headers that the answer needs besides those of its reason. Absent for none. */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(
    reason: RefusalReason,
    details: readonly FieldFault[] = [],
    about: {
      readonly retryAfterSeconds?: Seconds;
      readonly clientId?: string | undefined;
      readonly isReported?: boolean;
      readonly oauthError?: OAuthError;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(reason);
    this.name = 'Refusal';
    this.reason = reason;
    this.details = details;
    this.retryAfterSeconds = about.retryAfterSeconds;
    this.clientId = about.clientId;
    this.isReported = about.isReported ?? false;
    this.oauthError = about.oauthError;
    this.headers = about.headers;
  }
}

/**
 * `unavailable`: nothing was changed. `outcome_unknown`: the answer to a commit was lost, so it may or may not have happened.
 */
export const STORE_ERROR_KINDS = ['unavailable', 'outcome_unknown'] as const;
export type StoreErrorKind = (typeof STORE_ERROR_KINDS)[number];

/** The store could not do what it was asked. Always HTTP 503, never a dead token. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
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
  readonly #message: Fault;
  readonly #remedy: Fault;

  constructor(code: string, message: Fault, remedy: Fault, options?: ErrorOptions) {
    super(faultInEnglish(message), options);
    this.name = 'OperatorError';
    this.code = code;
    this.remedy = faultInEnglish(remedy);
    this.#message = message;
    this.#remedy = remedy;
  }

  /** What is wrong and what to do about it, for a page. */
  get said(): { readonly message: Sentence; readonly remedy: Sentence } {
    return { message: faultToSentence(this.#message), remedy: faultToSentence(this.#remedy) };
  }
}
