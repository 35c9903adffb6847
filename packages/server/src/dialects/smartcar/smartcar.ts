import { CLIENT_TYPES } from '../../clients/client.ts';
import { Refusal } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';
import type { Policy } from '../../clients/policy.ts';
import type { TokenAnswer } from '../../grants/issue.ts';
import { examples } from './examples.ts';
import { isUuid, uuidShape } from '../../tokens/shape.ts';
import { RETRY_AFTER_SECONDS, withRetryAfter } from '../dialect.ts';
import type { Dialect, TokenRequest } from '../dialect.ts';
import type { Exchange, WireRequest } from '../../wire/exchange.ts';
import { readClientCredentials } from '../../wire/client-credentials.ts';
import { readForm } from '../../wire/form.ts';
import { readIdempotencyKey, readMediaType } from '../../wire/headers.ts';

const FORM = 'application/x-www-form-urlencoded';
const DAY = 86_400;

type Answer = {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, string>>;
};

const wrong = (description: string, status = 400): Answer => ({
  status,
  error: 'invalid_request',
  description,
});
const away = (description: string): Answer => ({
  status: 503,
  error: 'temporarily_unavailable',
  description,
  headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
});
const UNAUTHENTICATED: Answer = {
  status: 401,
  error: 'invalid_client',
  description: 'Client authentication failed.',
  headers: { 'WWW-Authenticate': 'Basic realm="oauth"' },
};
const HOW_TO_AUTHENTICATE = 'Send client_id and client_secret by HTTP Basic.';
const DEAD_TOKEN: Answer = {
  status: 400,
  error: 'invalid_grant',
  description: 'Invalid or expired refresh token.',
};

const DEAD_CODE: Answer = { ...DEAD_TOKEN, description: 'Invalid or expired code.' };

/** Every refusal and what Smartcar's wire says for it: RFC 6749 §5.2, with the vendor's own texts where known. */
const ANSWERS: Readonly<Record<RefusalReason, Answer>> = {
  path_unknown: wrong('No such endpoint. Tokens are refreshed by POST /oauth/token.', 404),
  method_not_allowed: { ...wrong('This endpoint takes POST only.', 405), headers: { Allow: 'POST' } },
  body_too_large: wrong('The request body is too large.', 413),
  body_too_slow: wrong('The request took too long to arrive.', 408),
  request_malformed: wrong('The request is not well-formed HTTP.'),
  expectation_unknown: wrong('The Expect header can be 100-continue only.', 417),
  content_type_wrong: wrong(`Content-Type must be ${FORM}.`),
  body_malformed: wrong('The request body is not a well-formed form in UTF-8.'),
  parameter_repeated: wrong('A parameter was sent more than once.'),
  parameters_wrong: wrong('A parameter is missing or malformed.'),
  user_agent_missing: wrong('The User-Agent header is required.'),
  idempotency_key_malformed: wrong('Idempotency-Key must be 1 to 255 visible ASCII characters.'),
  grant_type_missing: wrong('Missing required parameter: grant_type.'),
  grant_type_unsupported: {
    status: 400,
    error: 'unsupported_grant_type',
    description: 'grant_type must be refresh_token or authorization_code.',
  },
  refresh_token_missing: wrong('Missing required parameter: refresh_token.'),
  refresh_token_malformed: wrong('Invalid refresh_token: it does not have the form of a refresh token.'),
  code_missing: wrong('Missing required parameter: code.'),
  code_malformed: wrong('Invalid code: it does not have the form of an authorization code.'),
  redirect_uri_missing: wrong('Missing required parameter: redirect_uri.'),
  redirect_uri_unregistered: wrong('The redirect_uri is not registered.'),
  credentials_missing: {
    ...UNAUTHENTICATED,
    description: `${UNAUTHENTICATED.description} ${HOW_TO_AUTHENTICATE}`,
  },
  credentials_malformed: {
    ...UNAUTHENTICATED,
    description: `${UNAUTHENTICATED.description} ${HOW_TO_AUTHENTICATE}`,
  },
  credentials_twice: wrong('Send the client credentials in the Authorization header only.'),
  client_unknown: UNAUTHENTICATED,
  client_secret_wrong: UNAUTHENTICATED,
  client_of_other_dialect: UNAUTHENTICATED,
  client_disabled: UNAUTHENTICATED,
  code_unknown: DEAD_CODE,
  code_expired: DEAD_CODE,
  code_client_mismatch: DEAD_CODE,
  code_redirect_wrong: { ...DEAD_TOKEN, description: 'Unauthorized redirect_uri.' },
  code_verifier_wrong: { ...DEAD_TOKEN, description: 'Invalid code_verifier.' },
  code_replayed: DEAD_CODE,
  client_not_permitted: {
    status: 400,
    error: 'unauthorized_client',
    description: 'The client may not do this.',
  },
  scope_unknown: { status: 400, error: 'invalid_scope', description: 'The scope is not known.' },
  token_missing: wrong('Missing required parameter: token.'),
  token_type_unsupported: {
    status: 400,
    error: 'unsupported_token_type',
    description: 'An access token ends by itself; revoke the refresh token.',
  },
  access_token_missing: UNAUTHENTICATED,
  access_token_dead: UNAUTHENTICATED,
  scope_missing: { status: 403, error: 'insufficient_scope', description: 'The owner did not permit this.' },
  vehicle_unknown: wrong('No such vehicle.', 404),
  vehicles_not_shared: wrong('The owner shares no vehicle.', 404),
  token_undecryptable: DEAD_TOKEN,
  unknown: DEAD_TOKEN,
  client_mismatch: DEAD_TOKEN,
  brand_mismatch: DEAD_TOKEN,
  revoked: DEAD_TOKEN,
  expired: DEAD_TOKEN,
  concurrent_use: DEAD_TOKEN,
  ahead: DEAD_TOKEN,
  replayed: DEAD_TOKEN,
  throttled: {
    status: 429,
    error: 'temporarily_unavailable',
    description: 'Too many failed attempts to authenticate. Try again later.',
    headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
  },
  store_unavailable: away('The service cannot answer just now. What was sent is still good; try again.'),
  overloaded: away('The service is busy. What was sent is still good; try again.'),
};

const AUTHENTICATION_METHODS = ['client_secret_basic', 'none'] as const;

const parse = (request: WireRequest): TokenRequest => {
  if (readMediaType(request) !== FORM) throw new Refusal('content_type_wrong');
  const form = readForm(request.body);
  const credentials = readClientCredentials(request, form, AUTHENTICATION_METHODS);
  const idempotencyKey = readIdempotencyKey(request);
  return { credentials, brand: undefined, idempotencyKey, grant: parseGrant(form) };
};

const parseGrant = (form: ReadonlyMap<string, string>): TokenRequest['grant'] => {
  switch (form.get('grant_type')) {
    case undefined:
      throw new Refusal('grant_type_missing');
    case 'refresh_token': {
      const refreshToken = form.get('refresh_token');
      if (refreshToken === undefined) throw new Refusal('refresh_token_missing');
      return { type: 'refresh_token', refreshToken };
    }
    case 'authorization_code': {
      const code = form.get('code');
      if (code === undefined) throw new Refusal('code_missing');
      if (!isUuid(code)) throw new Refusal('code_malformed');
      const redirectUri = form.get('redirect_uri');
      if (redirectUri === undefined) throw new Refusal('redirect_uri_missing');
      return { type: 'authorization_code', code, redirectUri, codeVerifier: form.get('code_verifier') };
    }
    default:
      throw new Refusal('grant_type_unsupported');
  }
};

const headersOf = ({ requestId }: Exchange) => ({
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
  'SC-Request-Id': requestId,
});

/** As text: what a token is made of needs no escaping. */
const writeAnswer = (answer: TokenAnswer, { tellRefreshExpiry }: Policy): string => {
  const expiry = tellRefreshExpiry ? `,"refresh_token_expires_in":${answer.refreshExpiresInSeconds}` : '';
  return `{"access_token":"${answer.accessToken}","token_type":"Bearer","expires_in":${answer.expiresInSeconds},"refresh_token":"${answer.refreshToken}"${expiry}}`;
};

/** Smartcar's wire: `POST /oauth/token`, OAuth 2.0 form and JSON. https://smartcar.com/docs/api-reference/authorization/token-refresh */
export const smartcar: Dialect = {
  name: 'smartcar',
  title: 'Smartcar',
  clientTypes: CLIENT_TYPES,
  brands: [],
  examples,
  pathPrefix: '/',
  tokenEndpoints: { '/oauth/token': parse },
  shapes: { refreshToken: uuidShape, accessToken: uuidShape, code: uuidShape },
  defaultPolicy: {
    refreshTokenLifetimeSeconds: 60 * DAY,
    accessTokenLifetimeSeconds: 7200,
    rotation: 'overlap',
    overlapSeconds: 60,
    raceSeconds: 10,
    onReplay: 'revoke',
    grantLifetimeSeconds: null,
    resyncGenerations: 1024,
    requireUserAgent: true,
    tellRefreshExpiry: false,
    deadTokenCode: '4002',
    accessTokenFormat: 'opaque',
    clientCredentials: false,
  },
  renderAnswer: (answer, policy, exchange) => ({
    status: 200,
    headers: headersOf(exchange),
    body: writeAnswer(answer, policy),
  }),
  renderRefusal: (refusal, _policy, exchange) => {
    const { status, error, description, headers } = ANSWERS[refusal.reason];
    return {
      status,
      headers: { ...headersOf(exchange), ...withRetryAfter(refusal, headers) },
      body: JSON.stringify({ error, error_description: description }),
    };
  },
};
