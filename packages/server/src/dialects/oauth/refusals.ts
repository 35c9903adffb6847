import { RETRY_AFTER_SECONDS } from '../dialect.ts';
import { createRefusalTable } from '../refusal-table.ts';
import type { RefusalTable } from '../refusal-table.ts';

/** An error response of OAuth 2.0 (RFC 6749 §5.2). */
export type OAuthAnswer = {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** An `invalid_request`. */
export const invalidRequest = (description: string, status = 400): OAuthAnswer => ({
  status,
  error: 'invalid_request',
  description,
});

const invalidGrant = (description: string): OAuthAnswer => ({
  status: 400,
  error: 'invalid_grant',
  description,
});

/** What is wrong with a proof of possession. @see RFC 9449 §5 */
const invalidProof = (description: string): OAuthAnswer => ({
  status: 400,
  error: 'invalid_dpop_proof',
  description,
});

/** An `invalid_client`; `hint` says how to authenticate. */
const invalidClient = (hint?: string): OAuthAnswer => ({
  status: 401,
  error: 'invalid_client',
  description: ['Client authentication failed.', hint].filter(Boolean).join(' '),
  headers: { 'WWW-Authenticate': 'Basic realm="oauth"' },
});

const tryLater = (description: string, status = 503): OAuthAnswer => ({
  status,
  error: 'temporarily_unavailable',
  description,
  headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
});

const HOW_TO_AUTHENTICATE = 'Send client_id and client_secret by HTTP Basic or in the body.';

/** The errors of RFC 6749 §5.2, RFC 7009 §2.2.1 and RFC 6750 §3.1: what other dialects of OAuth 2.0 start from. */
export const oauthRefusals: RefusalTable<OAuthAnswer> = createRefusalTable<OAuthAnswer>(
  {
    request: invalidRequest('A parameter is missing or malformed.'),
    unauthenticated: invalidClient(),
    unproved: invalidProof('The DPoP proof is malformed.'),
    dead_code: invalidGrant('Invalid or expired code.'),
    dead_token: invalidGrant('Invalid or expired refresh token.'),
    not_permitted: {
      status: 400,
      error: 'unauthorized_client',
      description: 'The client may not do this.',
    },
    dead_access_token: {
      status: 401,
      error: 'invalid_token',
      description: 'Invalid or expired access token.',
      headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
    },
    throttled: tryLater('Too many failed attempts to authenticate. Try again later.', 429),
    unavailable: tryLater('The service cannot answer just now. What was sent is still good; try again.'),
  },
  {
    path_unknown: invalidRequest('No such endpoint.', 404),
    method_not_allowed: {
      ...invalidRequest('This endpoint takes another method.', 405),
      headers: { Allow: 'POST' },
    },
    body_too_large: invalidRequest('The request body is too large.', 413),
    body_too_slow: invalidRequest('The request took too long to arrive.', 408),
    headers_too_large: invalidRequest('The request headers are too large.', 431),
    request_malformed: invalidRequest('The request is not well-formed HTTP.'),
    expectation_unknown: invalidRequest('The Expect header can be 100-continue only.', 417),
    content_type_wrong: invalidRequest('Content-Type must be application/x-www-form-urlencoded.'),
    body_malformed: invalidRequest('The request body is not a well-formed form in UTF-8.'),
    parameter_repeated: invalidRequest('A parameter was sent more than once.'),
    user_agent_missing: invalidRequest(
      'The User-Agent header is required, unless the platform sets requireUserAgent to false for the client.',
    ),
    idempotency_key_malformed: invalidRequest('Idempotency-Key must be 1 to 255 visible ASCII characters.'),
    grant_type_missing: invalidRequest('Missing required parameter: grant_type.'),
    grant_type_unsupported: {
      status: 400,
      error: 'unsupported_grant_type',
      description: 'This endpoint does not support the grant_type.',
    },
    refresh_token_missing: invalidRequest('Missing required parameter: refresh_token.'),
    code_missing: invalidRequest('Missing required parameter: code.'),
    redirect_uri_missing: invalidRequest('Missing required parameter: redirect_uri.'),
    redirect_uri_unregistered: invalidRequest('The redirect_uri is not registered.'),
    credentials_missing: invalidClient(HOW_TO_AUTHENTICATE),
    credentials_malformed: invalidClient(HOW_TO_AUTHENTICATE),
    credentials_twice: invalidRequest(
      'Send the client credentials once, in the Authorization header or in the body.',
    ),
    assertion_malformed: invalidClient(
      'client_assertion must be a signed JWT, and client_assertion_type urn:ietf:params:oauth:client-assertion-type:jwt-bearer.',
    ),
    assertion_algorithm_wrong: invalidClient('The assertion must be signed by PS256, ES256 or EdDSA.'),
    assertion_type_wrong: invalidClient('The assertion must have the typ client-authentication+jwt.'),
    assertion_claims_wrong: invalidClient('The assertion must have iss, sub, aud, exp and jti (RFC 7523).'),
    assertion_audience_wrong: invalidClient(
      'The assertion must have the issuer of this server as its aud, as one string (RFC 10070).',
    ),
    assertion_expired: invalidClient('The assertion has expired.'),
    assertion_from_future: invalidClient('The assertion was issued in the future: check the clock.'),
    assertion_lifetime_too_long: invalidClient('The assertion must be valid for at most 300 seconds.'),
    assertion_replayed: invalidClient('The assertion was used before: make a new one for each request.'),
    // Only the client that a code was issued to sees these two.
    code_redirect_wrong: invalidGrant('The redirect_uri is not that of the authorization request.'),
    code_verifier_wrong: invalidGrant('Invalid code_verifier.'),
    code_key_wrong: invalidGrant('The code is bound to another key (dpop_jkt).'),
    // Nothing is wrong with a proof that is not there, and the client may show a certificate in its place.
    proof_missing: invalidRequest(
      'The tokens of the client are bound: send a DPoP proof in the header DPoP, or show a certificate where it uses one.',
    ),
    proof_key_refused: invalidProof('The key or the algorithm of the DPoP proof is not accepted.'),
    proof_signature_wrong: invalidProof('The signature of the DPoP proof is wrong.'),
    proof_of_other_request: invalidProof('htm or htu of the DPoP proof are not those of the request.'),
    proof_of_other_token: invalidProof('ath of the DPoP proof is not that of the access token.'),
    proof_of_other_key: invalidProof('The token is bound to another key than that of the DPoP proof.'),
    proof_out_of_time: invalidProof('The DPoP proof is too old, or from the future. Check the clock.'),
    proof_repeated: invalidProof('The DPoP proof was used before. Make a new one for each request.'),
    // RFC 9449 §8.
    proof_nonce_missing: {
      ...invalidProof('The DPoP proof needs the nonce of the header DPoP-Nonce.'),
      error: 'use_dpop_nonce',
    },
    certificate_wrong: invalidRequest('The client certificate is missing, or not the one of the token.'),
    scope_unknown: { status: 400, error: 'invalid_scope', description: 'The scope is not known.' },
    scope_not_allowed: {
      status: 400,
      error: 'invalid_scope',
      description: 'The scope is more than is allowed or granted.',
    },
    // RFC 9396 §5.
    details_malformed: {
      status: 400,
      error: 'invalid_authorization_details',
      description: 'authorization_details must be one object of type vehicle_data, with known members.',
    },
    details_not_allowed: {
      status: 400,
      error: 'invalid_authorization_details',
      description: 'authorization_details are more than is allowed or granted.',
    },
    // RFC 8707 §2.
    target_unknown: {
      status: 400,
      error: 'invalid_target',
      description: 'The client gets no token for this resource.',
    },
    request_too_long: invalidRequest(
      'The request is too long to be pushed: send a shorter state, or fewer parameters.',
      413,
    ),
    token_missing: invalidRequest('Missing required parameter: token.'),
    token_type_unsupported: {
      status: 400,
      error: 'unsupported_token_type',
      description: 'An access token expires by itself; revoke the refresh token.',
    },
    origin_unregistered: invalidRequest('The origin is that of no redirect URI of a public client.', 403),
    scope_missing: {
      status: 403,
      error: 'insufficient_scope',
      description: 'The owner did not permit this.',
    },
    vehicle_unknown: invalidRequest('No such vehicle.', 404),
    vehicles_not_shared: invalidRequest('The owner shares no vehicle.', 404),
    overloaded: tryLater('The service is busy. What was sent is still good; try again.'),
  },
);
