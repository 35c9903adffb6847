import * as v from 'valibot';
import type { TokenResult } from '../refresh/ask.ts';
import type { Millis } from '../time.ts';
import { Problem, retryAfter } from './problem.ts';
import type { Answer, ServiceContext } from './route.ts';
import { iso, moment } from './show-grant.ts';

/** An access token. `stale` is there, and true, only where a refresh is in trouble and the old token still works. */
export const tokenShape = v.object({
  access_token: v.string(),
  expires_at: moment,
  stale: v.optional(v.literal(true)),
});

/** Nobody on the way may keep a token. @see RFC 6749 §5.1 */
const NO_STORE = { 'cache-control': 'no-store' };

/** An access token as an answer. */
export const showToken = (accessToken: string, expiresAtMs: Millis, isStale: boolean): Answer => ({
  status: 200,
  headers: NO_STORE,
  body: { access_token: accessToken, expires_at: iso(expiresAtMs), ...(isStale ? { stale: true } : {}) },
});

/** The three outcomes as answers: 200, or a `Problem` with 404, 409 or 410, or with 503. */
export const answerToken = (
  result: TokenResult,
  name: string,
  context: Pick<ServiceContext, 'reconnectUrl' | 'parts'>,
): Answer => {
  switch (result.status) {
    case 'ok':
      return showToken(result.accessToken, result.expiresAtMs, result.isStale);
    case 'needs_consent':
      throw needsConsent(result, name, context);
    case 'unavailable':
      throw unavailable(result.reason, result.retryAtMs, context.parts.engine.clock.wallMs());
  }
};

/** Only a new consent helps, or a new name. */
const needsConsent = (
  { cause, sinceMs }: Extract<TokenResult, { status: 'needs_consent' }>,
  name: string,
  { reconnectUrl }: Pick<ServiceContext, 'reconnectUrl'>,
): Problem => {
  const reconnect = reconnectUrl(name) ?? null;
  if (cause === 'not_connected')
    return new Problem('not_connected', `There is no connection "${name}"`, {
      remedy: 'Put its tokens with PUT /v1/grants/NAME, or correct the name.',
      cause,
      reconnect,
    });
  return new Problem(
    cause === 'disconnected' ? 'disconnected' : 'needs_consent',
    `${name}: the owner must consent again (${cause})`,
    {
      remedy: 'Lead the owner through consent, and put the new tokens.',
      cause,
      since: iso(sinceMs),
      reconnect,
    },
  );
};

/** The grant lives, and there is no token at this moment. */
export const unavailable = (reason: string, retryAtMs: Millis, nowMs: Millis): Problem =>
  new Problem(
    'unavailable',
    `There is no access token at this moment (${reason}); the grant lives`,
    {
      remedy: 'Try again after Retry-After. This is never a reason to log an owner out.',
      cause: reason,
      retry_at: iso(retryAtMs),
    },
    retryAfter(retryAtMs - nowMs),
  );
