import { Refusal } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { PROOF_ALGORITHMS } from '../../clients/public-jwk.ts';
import { RETRY_AFTER_SECONDS, withRefusalHeaders } from '../dialect.ts';
import type { Exchange, WireRequest, WireResponse } from '../../wire/exchange.ts';
import { readForm } from '../../wire/form.ts';
import { REQUEST_ID } from './request-id.ts';

/** An error of the API, version 2.0. Its `code` is null where the vendor documents none. */
type Answer = {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly description: string;
  /** The path of the vendor's page about it, under `DOCS`. */
  readonly page: string;
  readonly resolution: 'RETRY_LATER' | 'REAUTHENTICATE' | null;
  readonly headers?: Readonly<Record<string, string>>;
};

const DOCS = 'https://smartcar.com/docs/errors/api-errors';

// Where the vendor's own SDKs expect a text, it is that text.
const UNAUTHENTICATED: Answer = {
  status: 401,
  type: 'AUTHENTICATION',
  code: null,
  description:
    'The authorization header is missing or malformed, or it contains invalid or expired authentication credentials. Please check for missing parameters, spelling and casing mistakes, and other syntax issues.',
  page: 'authentication-errors#null',
  resolution: null,
  headers: { 'WWW-Authenticate': 'Bearer' },
};
const NOT_PERMITTED: Answer = {
  status: 403,
  type: 'PERMISSION',
  code: null,
  description:
    'Your application has insufficient permissions to access the requested resource. Please prompt the user to re-authenticate using Smartcar Connect.',
  page: 'permission-errors#null',
  resolution: 'REAUTHENTICATE',
};
const INVALID: Answer = {
  status: 400,
  type: 'VALIDATION',
  code: null,
  description:
    'Request invalid or malformed. Please check for missing parameters, spelling and casing mistakes, and other syntax issues.',
  page: 'validation-errors#null',
  resolution: null,
};
const AWAY: Answer = {
  status: 503,
  type: 'SERVER',
  code: 'INTERNAL',
  description: 'The service cannot answer just now. Please try again.',
  page: 'server-errors#internal',
  resolution: 'RETRY_LATER',
  headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
};

/** The errors of RFC 9449 §7.1 and RFC 6750 §3.1, in the vendor's answer to a call without good credentials. */
const unproved = (challenge: string): Answer => ({
  ...UNAUTHENTICATED,
  headers: { 'WWW-Authenticate': challenge },
});
const ALGORITHMS = `algs="${PROOF_ALGORITHMS.join(' ')}"`;
const BAD_PROOF = unproved(`DPoP error="invalid_dpop_proof", ${ALGORITHMS}`);

/** What the API answers for a refusal; `INVALID` for every other reason. */
const ANSWERS: Readonly<Partial<Record<RefusalReason, Answer>>> = {
  path_unknown: {
    status: 404,
    type: 'RESOURCE_NOT_FOUND',
    code: 'PATH',
    description: 'The requested resource does not exist. Please check the URL and try again.',
    page: 'resource-not-found-errors#path',
    resolution: null,
  },
  method_not_allowed: { ...INVALID, status: 405 },
  body_too_large: { ...INVALID, status: 413 },
  body_too_slow: { ...INVALID, status: 408 },
  headers_too_large: { ...INVALID, status: 431 },
  expectation_unknown: { ...INVALID, status: 417 },
  origin_unregistered: { ...INVALID, status: 403 },
  access_token_missing: UNAUTHENTICATED,
  access_token_dead: {
    ...UNAUTHENTICATED,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  },
  proof_missing: unproved(`DPoP error="invalid_token", ${ALGORITHMS}`),
  proof_of_other_key: unproved(`DPoP error="invalid_token", ${ALGORITHMS}`),
  proof_malformed: BAD_PROOF,
  proof_key_refused: BAD_PROOF,
  proof_signature_wrong: BAD_PROOF,
  proof_of_other_request: BAD_PROOF,
  proof_of_other_token: BAD_PROOF,
  proof_out_of_time: BAD_PROOF,
  proof_repeated: BAD_PROOF,
  certificate_wrong: unproved('Bearer error="invalid_token"'),
  scope_missing: NOT_PERMITTED,
  // The answer does not reveal whether the vehicle exists.
  vehicle_unknown: NOT_PERMITTED,
  throttled: { ...AWAY, status: 429 },
  store_unavailable: AWAY,
  overloaded: AWAY,
};

/** A refusal as version 2.0 of the API writes it, with the faults of single parameters as `detail`. */
export const renderDataRefusal = (refusal: Refusal, exchange: Exchange): WireResponse => {
  const { reason, details } = refusal;
  const { status, type, code, description, page, resolution, headers } = ANSWERS[reason] ?? INVALID;
  const error = {
    type,
    code,
    description,
    docURL: `${DOCS}/${page}`,
    statusCode: status,
    requestId: exchange.requestId,
    resolution: { type: resolution },
    ...(details.length > 0 && { detail: details }),
  };
  return respond(status, error, exchange, withRefusalHeaders(refusal, headers));
};

/** A success of the API. */
export const renderData = (data: object, exchange: Exchange): WireResponse => respond(200, data, exchange);

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
    [REQUEST_ID]: requestId,
    ...headers,
  },
  body: JSON.stringify(body),
});

/** Which part of a list a request wants. */
export type Paging = { readonly limit: number; readonly offset: number };

const WHOLE_NUMBER = /^[0-9]{1,9}$/;

/** Reads `limit` and `offset` of a query. Throws a `Refusal` that names each one that is malformed. */
export const readPaging = ({ query }: WireRequest, limitByDefault: number): Paging => {
  const parameters = readForm(Buffer.from(query));
  const { limit = String(limitByDefault), offset = '0' } = Object.fromEntries(parameters);
  const faults = [];
  if (!WHOLE_NUMBER.test(limit) || Number(limit) < 1)
    faults.push({ field: 'limit', message: 'must be a whole number of at least 1' });
  if (!WHOLE_NUMBER.test(offset)) faults.push({ field: 'offset', message: 'must be a whole number' });
  if (faults.length > 0) throw new Refusal('parameters_wrong', faults);
  return { limit: Number(limit), offset: Number(offset) };
};

/** A part of a list under its name, with its place in the whole list. */
export const pageOf = (name: string, list: readonly string[], { limit, offset }: Paging): object => ({
  [name]: list.slice(offset, offset + limit),
  paging: { count: list.length, offset },
});

/** A vehicle's attributes; the make in capitals, as the API writes it. */
export const attributesOf = ({ id, make, model, year }: Vehicle): object => ({
  id,
  make: make.toUpperCase(),
  model,
  year,
});
