import { Refusal } from '../../errors.ts';
import type { FieldFault, RefusalReason } from '../../errors.ts';
import { pleosAccessShape, pleosCodeShape, pleosRefreshShape } from '../../tokens/shape.ts';
import { BRAND_FAULT, findBrand, PLEOS_BRANDS } from './brand.ts';
import type { PleosBrand } from './brand.ts';
import { examples } from './examples.ts';
import { RETRY_AFTER_SECONDS, withRetryAfter } from '../dialect.ts';
import type { Dialect, TokenRequest } from '../dialect.ts';
import type { Exchange, WireRequest, WireResponse } from '../../wire/exchange.ts';
import { readIdempotencyKey, readMediaType } from '../../wire/headers.ts';
import { readJsonObject } from '../../wire/json.ts';

const DAY = 86_400;

type Answer = {
  readonly status: number;
  readonly code: keyof typeof MESSAGES;
  readonly details?: readonly FieldFault[];
  readonly headers?: Readonly<Record<string, string>>;
};

/** The vendor's error table, in the casing of the page's own sample where the two differ. */
const MESSAGES = {
  '401': 'Unauthorized',
  '403': 'Forbidden',
  '404': 'NotFound',
  '4002': 'Invalid request parameters',
  '4011': 'Invalid Authorization Header',
  '4101': 'Unregistered Vehicle',
  '40002': 'No Auth Header',
  '5006': 'The service does not have a permission to use data. No Permission Error',
  '5001': 'Internal Server Error',
} as const;

const wrong = (field: string, message: string, status = 400): Answer => ({
  status,
  code: '4002',
  details: [{ field, message }],
});
const UNAUTHORIZED: Answer = { status: 400, code: '401' };
const DEAD_TOKEN = wrong('refreshToken', 'is invalid, expired or already used');
const DEAD_CODE = wrong('code', 'is invalid, expired or already used');
const AWAY: Answer = { status: 503, code: '5001', headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } };

/** Guessing is slow, and to a client that shares an address with who guesses it is an outage. */
const THROTTLED: Answer = { ...AWAY, status: 429 };

/** Every refusal and what the Pleos wire says for it. Where a refusal brings details of its own, those are told. */
const ANSWERS: Readonly<Record<RefusalReason, Answer>> = {
  path_unknown: { status: 400, code: '404' },
  method_not_allowed: { status: 400, code: '404', headers: { Allow: 'POST' } },
  body_too_large: wrong('body', 'is too large'),
  body_too_slow: wrong('body', 'took too long to arrive', 408),
  request_malformed: wrong('request', 'is not well-formed HTTP'),
  expectation_unknown: wrong('Expect', 'can be 100-continue only', 417),
  content_type_wrong: wrong('Content-Type', 'must be application/json or absent'),
  body_malformed: wrong('body', 'must be a JSON object in UTF-8'),
  parameter_repeated: wrong('body', 'has a field more than once'),
  parameters_wrong: { status: 400, code: '4002' },
  user_agent_missing: wrong('User-Agent', 'is required'),
  idempotency_key_malformed: wrong('Idempotency-Key', 'must be 1 to 255 visible ASCII characters'),
  grant_type_missing: { status: 400, code: '4002' },
  grant_type_unsupported: { status: 400, code: '4002' },
  refresh_token_missing: wrong('refreshToken', 'is required'),
  refresh_token_malformed: DEAD_TOKEN,
  code_missing: wrong('code', 'is required'),
  code_malformed: DEAD_CODE,
  redirect_uri_missing: wrong('redirectUrl', 'is required'),
  redirect_uri_unregistered: wrong('redirectUrl', 'is not registered'),
  credentials_missing: UNAUTHORIZED,
  credentials_malformed: UNAUTHORIZED,
  credentials_twice: UNAUTHORIZED,
  client_unknown: UNAUTHORIZED,
  client_secret_wrong: UNAUTHORIZED,
  client_of_other_dialect: UNAUTHORIZED,
  client_disabled: UNAUTHORIZED,
  code_unknown: DEAD_CODE,
  code_expired: DEAD_CODE,
  code_client_mismatch: DEAD_CODE,
  code_redirect_wrong: DEAD_CODE,
  code_verifier_wrong: DEAD_CODE,
  code_replayed: DEAD_CODE,
  client_not_permitted: { status: 400, code: '403' },
  scope_unknown: wrong('scope', 'is not known'),
  token_missing: wrong('token', 'is required'),
  token_type_unsupported: wrong('token', 'is of a type that cannot be revoked'),
  access_token_missing: { status: 400, code: '40002' },
  access_token_dead: { status: 400, code: '4011' },
  scope_missing: { status: 400, code: '5006' },
  vehicle_unknown: { status: 410, code: '4101' },
  vehicles_not_shared: { status: 400, code: '5006' },
  token_undecryptable: DEAD_TOKEN,
  unknown: DEAD_TOKEN,
  client_mismatch: DEAD_TOKEN,
  brand_mismatch: DEAD_TOKEN,
  revoked: DEAD_TOKEN,
  expired: DEAD_TOKEN,
  concurrent_use: DEAD_TOKEN,
  ahead: DEAD_TOKEN,
  replayed: DEAD_TOKEN,
  throttled: THROTTLED,
  store_unavailable: AWAY,
  overloaded: AWAY,
};

/** The members a body needs, all of them non-empty strings; every fault is told at once. */
export const parseFields = <const Name extends string>(
  request: WireRequest,
  names: readonly Name[],
): { readonly fields: Readonly<Record<Name, string>>; readonly brand: PleosBrand } => {
  const mediaType = readMediaType(request);
  if (mediaType !== undefined && mediaType !== 'application/json') throw new Refusal('content_type_wrong');
  const body = readJsonObject(request.body);
  const brand = findBrand(request.headers['brand']?.trim());
  const faults = names.flatMap((field) => faultOf(field, body[field]));
  if (brand === undefined) faults.push(BRAND_FAULT);
  if (brand === undefined || faults.length > 0) throw new Refusal('parameters_wrong', faults);
  return { fields: body as Record<Name, string>, brand };
};

const faultOf = (field: string, value: unknown): FieldFault[] => {
  if (value === undefined || value === '') return [{ field, message: 'is required' }];
  return typeof value === 'string' ? [] : [{ field, message: 'must be a string' }];
};

const parseRefresh = (request: WireRequest): TokenRequest => {
  const { fields, brand } = parseFields(request, ['clientId', 'clientSecret', 'refreshToken']);
  const { clientId, clientSecret, refreshToken } = fields;
  const idempotencyKey = readIdempotencyKey(request);
  return {
    credentials: [{ method: 'client_secret_post', clientId, clientSecret }],
    brand,
    idempotencyKey,
    grant: { type: 'refresh_token', refreshToken },
  };
};

const parseCode = (request: WireRequest): TokenRequest => {
  const { fields, brand } = parseFields(request, ['clientId', 'clientSecret', 'code', 'redirectUrl']);
  const { clientId, clientSecret, code, redirectUrl } = fields;
  if (pleosCodeShape.read(code) === 'malformed') throw new Refusal('code_malformed');
  const idempotencyKey = readIdempotencyKey(request);
  return {
    credentials: [{ method: 'client_secret_post', clientId, clientSecret }],
    brand,
    idempotencyKey,
    grant: { type: 'authorization_code', code, redirectUri: redirectUrl, codeVerifier: undefined },
  };
};

const writeTimestamp = (nowMs: number): string => `${new Date(nowMs).toISOString().slice(0, 19)}Z`;

const respond = (
  status: number,
  body: object,
  { requestId }: Exchange,
  headers: Readonly<Record<string, string>> = {},
): WireResponse => ({
  status,
  headers: {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    ...headers,
  },
  body: JSON.stringify(body),
});

/** A success as every Pleos page has it: what was asked for, and what there is to say about the answer. */
export const renderData = (data: object, exchange: Exchange): WireResponse => {
  const { nowMs, requestId } = exchange;
  const timestamp = writeTimestamp(nowMs);
  const meta = { code: 200, message: 'Success', success: 'true', timestamp, requestId };
  return respond(200, { data, meta }, exchange);
};

/** The Pleos wire: JSON under `/v1`, with a `Brand` header. https://document.pleos.ai/en/api-reference/vehicle-data-api */
export const pleos: Dialect = {
  name: 'pleos',
  title: 'Pleos',
  // The wire requires a secret.
  clientTypes: ['confidential'],
  brands: PLEOS_BRANDS,
  examples,
  pathPrefix: '/v1/',
  tokenEndpoints: { '/v1/auth/token-refresh': parseRefresh, '/v1/auth/token': parseCode },
  shapes: { refreshToken: pleosRefreshShape, accessToken: pleosAccessShape, code: pleosCodeShape },
  defaultPolicy: {
    refreshTokenLifetimeSeconds: 90 * DAY,
    accessTokenLifetimeSeconds: 3600,
    rotation: 'strict',
    overlapSeconds: 0,
    raceSeconds: 10,
    onReplay: 'revoke',
    grantLifetimeSeconds: null,
    resyncGenerations: 1024,
    requireUserAgent: false,
    tellRefreshExpiry: false,
    deadTokenCode: '4002',
    accessTokenFormat: 'opaque',
    clientCredentials: false,
  },
  renderAnswer: ({ accessToken, refreshToken }, _policy, exchange) =>
    renderData({ accessToken, refreshToken }, exchange),
  renderRefusal: (refusal, policy, exchange) => {
    const answer = ANSWERS[refusal.reason];
    const isDead = (answer === DEAD_TOKEN || answer === DEAD_CODE) && policy !== undefined;
    const code = isDead ? policy.deadTokenCode : answer.code;
    const details = refusal.details.length > 0 ? refusal.details : (answer.details ?? []);
    const { requestId, nowMs } = exchange;
    const error = { code, message: MESSAGES[code], details, timestamp: writeTimestamp(nowMs), requestId };
    return respond(answer.status, { error }, exchange, withRetryAfter(refusal, answer.headers));
  },
};
