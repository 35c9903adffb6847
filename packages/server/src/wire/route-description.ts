import type { AuthenticationMethod } from '../clients/credentials.ts';
import { CLIENT_REASONS } from '../errors.ts';
import type { OAuthError, Refusal, RefusalReason } from '../errors.ts';
import type { Exchange, WireResponse } from './exchange.ts';

/** A JSON Schema, draft 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One value that a request carries. */
export type DescribedField = {
  readonly name: string;
  readonly isRequired: boolean;
  /** What it is, in one sentence. */
  readonly purpose: string;
  readonly schema: JsonSchema;
};

/** One value of a request outside its body. */
export type DescribedParameter = DescribedField & { readonly in: 'header' | 'query' | 'path' };

/** A body that a request must have: the fields of each kind of request. Unknown fields are ignored. */
export type DescribedBody = {
  readonly mediaTypes: readonly ('application/json' | 'application/x-www-form-urlencoded')[];
  readonly kinds: readonly { readonly title: string; readonly fields: readonly DescribedField[] }[];
};

/** An answer that is no refusal. */
export type DescribedAnswer = {
  readonly summary: string;
  /** Absent for an empty body. */
  readonly mediaType?: 'application/json' | 'text/html';
  /** The name of its schema; absent for a body that is no JSON. */
  readonly schema?: string;
  /** One as the code writes it. Its headers and, unless it is empty, its body are described. */
  readonly sample?: WireResponse;
};

/** How a group of routes writes its refusals. */
export type RefusalFormat = {
  /** The name of its schema. */
  readonly schema: string;
  render(refusal: Refusal, exchange: Exchange): WireResponse;
  /** What it may be as well, where the policy of a client decides. */
  renderChoices?(refusal: Refusal, exchange: Exchange): readonly WireResponse[];
  /** What a program and what a person reads in a parsed body. */
  read(body: unknown): { readonly code: string; readonly text: string };
};

/** What is public about a route. */
export type RouteDescription = {
  /** What it does, without a full stop. */
  readonly summary: string;
  /** How a caller shows who it is: by an access token, as a client by one of these methods, or not at all (none). */
  readonly authentication: 'bearer' | readonly AuthenticationMethod[];
  readonly parameters?: readonly DescribedParameter[];
  readonly body?: DescribedBody;
  /** By status. */
  readonly answers: Readonly<Record<number, DescribedAnswer>>;
  /** Statuses, headers, codes and texts of refusals come from rendering each reason. Absent for pages. */
  readonly refusals?: {
    readonly reasons: readonly RefusalReason[];
    /** What those for `grant_type_specific` say. */
    readonly ownErrors?: readonly OAuthError[];
    readonly format: RefusalFormat;
  };
};

/** The public description of some routes. */
export type WireDescription = {
  readonly title: string;
  readonly purpose: string;
  /** By names that no other description has. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** By method and path, as in a `RouteGroup`. */
  readonly routes: Readonly<Record<string, RouteDescription>>;
};

/** Why any request may be refused before its route sees it. */
export const EDGE_REASONS = [
  'request_malformed',
  'headers_too_large',
  'expectation_unknown',
  'body_too_large',
  'body_too_slow',
  'overloaded',
] as const satisfies readonly RefusalReason[];

/** Why a body is refused that cannot be read. */
export const BODY_REASONS = [
  'content_type_wrong',
  'body_malformed',
  'parameter_repeated',
] as const satisfies readonly RefusalReason[];

/** Why a client that authenticates is refused. */
export const CLIENT_AUTHENTICATION_REASONS = [
  ...CLIENT_REASONS,
  'throttled',
  'store_unavailable',
] as const satisfies readonly RefusalReason[];

/** Why credentials in a header or in a form are refused. */
export const FORM_CREDENTIALS_REASONS = [
  'credentials_missing',
  'credentials_malformed',
  'credentials_twice',
  'assertion_malformed',
  'client_keys_unavailable',
] as const satisfies readonly RefusalReason[];

/** Why a request with an access token is refused. */
export const BEARER_REASONS = [
  'access_token_missing',
  'access_token_dead',
  'store_unavailable',
] as const satisfies readonly RefusalReason[];

const leadingTo = (location: string): WireResponse => ({
  status: 302,
  headers: { Location: location, 'Cache-Control': 'no-store' },
  body: '',
});

/** Why a proof of possession is refused (RFC 9449 §4.3), wherever it is read. */
const PROOF_REASONS = [
  'proof_missing',
  'proof_malformed',
  'proof_key_refused',
  'proof_signature_wrong',
  'proof_of_other_request',
  'proof_of_other_key',
  'proof_out_of_time',
  'proof_repeated',
  'certificate_wrong',
] as const satisfies readonly RefusalReason[];

/** Why a request for bound tokens is refused. */
export const BINDING_REASONS = [
  ...PROOF_REASONS,
  'proof_nonce_missing',
] as const satisfies readonly RefusalReason[];

/** Why a request with a bound access token is refused. */
export const SENDER_REASONS = [
  ...PROOF_REASONS,
  'proof_of_other_token',
] as const satisfies readonly RefusalReason[];

/** The header of a proof of possession. */
export const PROOF_PARAMETER: DescribedParameter = {
  in: 'header',
  name: 'DPoP',
  isRequired: false,
  purpose: 'A proof of possession of the key that the tokens are bound to (RFC 9449).',
  schema: { type: 'string' },
};

/** What a visit to owners' pages answers. */
export const PAGE_ANSWERS: Readonly<Record<number, DescribedAnswer>> = {
  200: { summary: 'A page for the owner.', mediaType: 'text/html' },
  302: {
    summary: 'Back to the client, with a code or an error.',
    sample: leadingTo('https://app.example/callback?code=6d4226e7-a7dd-44e0-b29c-9eed26be249d&state=x'),
  },
  303: {
    summary: 'To the provider that signs the owner in.',
    sample: leadingTo('https://identity.example/authorize?client_id=keyfob'),
  },
  400: { summary: 'A page that says what is wrong with the request.', mediaType: 'text/html' },
  403: { summary: 'A page that says that the visit cannot go on.', mediaType: 'text/html' },
  429: { summary: 'A page that says that there are too many visits.', mediaType: 'text/html' },
  431: { summary: 'A page that says that the request is too large.', mediaType: 'text/html' },
  503: { summary: 'A page that says that the service cannot answer just now.', mediaType: 'text/html' },
};

/** The exchange of every sample. */
export const SAMPLE_EXCHANGE: Exchange = {
  requestId: '6d4226e7-a7dd-44e0-b29c-9eed26be249d',
  // 2025-09-01T11:00:00Z
  nowMs: 1_756_724_400_000,
};

/** The nonce for the next proof, in answers to those who send proofs (RFC 9449 §8). */
export const SAMPLE_NONCE = { 'DPoP-Nonce': 'AAAAAAAAAAAAAAAAAAAAAAAA' };

/** The schema of an object with exactly these members, all of them there unless they are optional. */
export const objectOf = (
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});

export const TEXT: JsonSchema = { type: 'string' };
export const TEXT_NOT_EMPTY: JsonSchema = { type: 'string', minLength: 1 };
/** Whole seconds of at least one. */
export const SECONDS: JsonSchema = { type: 'integer', minimum: 1 };
