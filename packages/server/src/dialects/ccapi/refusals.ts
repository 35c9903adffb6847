import type { Policy } from '../../clients/policy.ts';
import { classOf } from '../../errors.ts';
import type { Refusal } from '../../errors.ts';
import { RETRY_AFTER_SECONDS } from '../dialect.ts';
import type { OAuthAnswer } from '../oauth/refusals.ts';
import { createRefusalTable } from '../refusal-table.ts';
import type { RefusalTable } from '../refusal-table.ts';

/** The vendor's table of account errors, without those that nothing here means. */
const MESSAGES = {
  '4002': 'Invalid Request Body',
  '4003': 'Invalid Request Value',
  '4010': 'Require authentication',
  '4011': 'Invalid Access Token',
  '4012': 'Deactivated User',
  '4081': 'Request Timeout',
  '5001': 'Internal Server Error',
} as const;
type ErrCode = keyof typeof MESSAGES;

/** The challenge is ours: HTTP wants one with 401. The vendor's status is known for 4010 only. */
const answer = (
  error: ErrCode,
  status = 400,
  headers: Readonly<Record<string, string>> | undefined = status === 401
    ? { 'WWW-Authenticate': 'Basic realm="ccapi"' }
    : undefined,
): OAuthAnswer => ({ status, error, description: MESSAGES[error], ...(headers && { headers }) });

const tryLater = (status: number): OAuthAnswer =>
  answer('5001', status, { 'Retry-After': String(RETRY_AFTER_SECONDS) });

const statusOf = (code: ErrCode): number => (code === '4010' || code === '4011' ? 401 : 400);

/** The errors. Which reason has which code is ours, except for 4010. */
export const refusals: RefusalTable<OAuthAnswer> = createRefusalTable<OAuthAnswer>(
  {
    request: answer('4002'),
    unauthenticated: answer('4010', 401),
    dead_code: answer('4003'),
    dead_token: answer('4003'),
    not_permitted: answer('4012', 403),
    unproved: answer('4002'),
    dead_access_token: answer('4011', 401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
    throttled: tryLater(429),
    unavailable: tryLater(503),
  },
  {
    path_unknown: answer('4002', 404),
    method_not_allowed: answer('4002', 405, { Allow: 'POST' }),
    body_too_large: answer('4002', 413),
    body_too_slow: answer('4081', 408),
    headers_too_large: answer('4002', 431),
    expectation_unknown: answer('4002', 417),
    grant_type_unsupported: answer('4003'),
    grant_type_specific: answer('4003'),
    redirect_uri_unregistered: answer('4003'),
    scope_unknown: answer('4003'),
    scope_not_allowed: answer('4003'),
    target_unknown: answer('4003'),
    details_malformed: answer('4003'),
    details_not_allowed: answer('4003'),
  },
);

/** The option of a client that chooses the code for dead tokens; the vendor does not document which is right. */
export const DEAD_TOKEN_ERR_CODE = 'deadTokenErrCode';
export const DEAD_TOKEN_ERR_CODES = ['4003', '4010', '4011'] as const satisfies readonly ErrCode[];

const isDead = ({ reason }: Refusal): boolean => ['dead_token', 'dead_code'].includes(classOf(reason));

/** What the policy of a client makes of a dead token or code. */
export const chosenRefusals = {
  choose(refusal: Refusal, policy: Policy | undefined): OAuthAnswer | undefined {
    const wanted = isDead(refusal) ? policy?.dialectOptions?.[DEAD_TOKEN_ERR_CODE] : undefined;
    const code = DEAD_TOKEN_ERR_CODES.find((one) => one === wanted);
    return code === undefined ? undefined : answer(code, statusOf(code));
  },
  choicesOf: (refusal: Refusal): readonly OAuthAnswer[] =>
    isDead(refusal) ? DEAD_TOKEN_ERR_CODES.map((code) => answer(code, statusOf(code))) : [],
};
