import type { Policy } from '../../clients/policy.ts';
import { classOf } from '../../errors.ts';
import type { FieldFault, Refusal } from '../../errors.ts';
import { RETRY_AFTER_SECONDS } from '../dialect.ts';
import { createRefusalTable } from '../refusal-table.ts';
import type { RefusalTable } from '../refusal-table.ts';

/** The vendor's error table, in the case of the page's own sample where the two differ. */
export const MESSAGES = {
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
export type PleosCode = keyof typeof MESSAGES;

/** An error of the Pleos API. HTTP 400 for nearly all of them: `code` carries the meaning. */
export type PleosAnswer = {
  readonly status: number;
  readonly code: PleosCode;
  readonly details?: readonly FieldFault[];
  readonly headers?: Readonly<Record<string, string>>;
};

const fault = (code: PleosCode, status = 400): PleosAnswer => ({ status, code });

const fieldFault = (field: string, message: string, status = 400): PleosAnswer => ({
  ...fault('4002', status),
  details: [{ field, message }],
});

const tryLater = (status: number): PleosAnswer => ({
  ...fault('5001', status),
  headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
});

export const pleosRefusals: RefusalTable<PleosAnswer> = createRefusalTable<PleosAnswer>(
  {
    request: fault('4002'),
    unauthenticated: fault('401'),
    dead_code: fieldFault('code', 'is invalid, expired or already used'),
    dead_token: fieldFault('refreshToken', 'is invalid, expired or already used'),
    not_permitted: fault('403'),
    dead_access_token: fault('4011'),
    unproved: fault('4011'),
    // For a client that shares its address with one that guesses secrets, this is an outage.
    throttled: tryLater(429),
    unavailable: tryLater(503),
  },
  {
    path_unknown: fault('404'),
    method_not_allowed: { ...fault('404'), headers: { Allow: 'POST' } },
    body_too_large: fieldFault('body', 'is too large'),
    body_too_slow: fieldFault('body', 'took too long to arrive', 408),
    headers_too_large: fieldFault('headers', 'are too large', 431),
    request_malformed: fieldFault('request', 'is not well-formed HTTP'),
    expectation_unknown: fieldFault('Expect', 'can be 100-continue only', 417),
    content_type_wrong: fieldFault('Content-Type', 'must be application/json or absent'),
    body_malformed: fieldFault('body', 'must be a JSON object in UTF-8'),
    parameter_repeated: fieldFault('body', 'has a field more than once'),
    user_agent_missing: fieldFault('User-Agent', 'is required'),
    idempotency_key_malformed: fieldFault('Idempotency-Key', 'must be 1 to 255 visible ASCII characters'),
    refresh_token_missing: fieldFault('refreshToken', 'is required'),
    code_missing: fieldFault('code', 'is required'),
    redirect_uri_missing: fieldFault('redirectUrl', 'is required'),
    redirect_uri_unregistered: fieldFault('redirectUrl', 'is not registered'),
    scope_unknown: fieldFault('scope', 'is not known'),
    scope_not_allowed: fieldFault('scope', 'is more than is allowed or granted'),
    token_missing: fieldFault('token', 'is required'),
    token_type_unsupported: fieldFault('token', 'is of a type that cannot be revoked'),
    access_token_missing: fault('40002'),
    scope_missing: fault('5006'),
    vehicle_unknown: fault('4101', 410),
    vehicles_not_shared: fault('5006'),
    personal_grant_ended: fault('5006'),
  },
);

/** The option of a client that chooses the code for dead tokens; the vendor does not document which is right. */
export const DEAD_TOKEN_CODE = 'deadTokenCode';
export const DEAD_TOKEN_CODES = ['4002', '401', '403', '4011'] as const satisfies readonly PleosCode[];

/** The code of a refusal. `policy` is that of the client, where it is known. */
export const codeOf = (
  { reason }: Refusal,
  policy: Pick<Policy, 'dialectOptions'> | undefined,
): PleosCode => {
  const refusalClass = classOf(reason);
  const isDead = refusalClass === 'dead_token' || refusalClass === 'dead_code';
  const wanted = isDead ? policy?.dialectOptions?.[DEAD_TOKEN_CODE] : undefined;
  return DEAD_TOKEN_CODES.find((code) => code === wanted) ?? pleosRefusals[reason].code;
};
