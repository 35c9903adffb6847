import { createHmac, timingSafeEqual } from 'node:crypto';
import { readCookie, writeCookie } from '../../admin/api/session-cookie.ts';
import type { SessionContext } from '../../admin/api/session-cookie.ts';
import type { AdminRequest } from '../../admin/exchange.ts';
import type { SignInAttempt } from '../../connect/sign-in/upstream.ts';

const COOKIE = 'keyfob-operator-attempt';
const ATTEMPT_SECONDS = 600;
const SECRET = /^[\w-]{43}$/;

/**
 * Begins an attempt to sign in at the provider, and answers it with the cookie that it is checked against. The cookie has one
 * secret for all attempts of a browser, so that people who sign in in two tabs at once get in in both.
 */
export const beginAttempt = (
  context: SessionContext,
  request: AdminRequest,
): { readonly attempt: SignInAttempt; readonly cookie: string } => {
  const newText = (bytes: number): string => context.randomness.bytes(bytes).toString('base64url');
  const secret = readSecret(context, request) ?? newText(32);
  const cookie = writeCookie(context, request, COOKIE, secret, {
    seconds: ATTEMPT_SECONDS,
    sameSite: 'Lax',
  });
  return { attempt: deriveAttempt(secret, newText(16)), cookie };
};

/** The attempt that an answer of the provider belongs to; `undefined` where this browser did not begin it. */
export const readAttempt = (
  context: SessionContext,
  request: AdminRequest,
): SignInAttempt | 'no_cookie' | 'other_browser' => {
  const secret = readSecret(context, request);
  if (secret === undefined) return 'no_cookie';
  const state = request.query.get('state') ?? '';
  const attempt = deriveAttempt(secret, state.split('.')[0] ?? '');
  return isEqual(attempt.state, state) ? attempt : 'other_browser';
};

const readSecret = (context: SessionContext, request: AdminRequest): string | undefined => {
  const secret = readCookie(context, request, COOKIE) ?? '';
  return SECRET.test(secret) ? secret : undefined;
};

/** What the answer is checked against follows from the secret of the browser and the id of the attempt, which `state` carries. */
const deriveAttempt = (secret: string, id: string): SignInAttempt => {
  const derive = (purpose: string): string =>
    createHmac('sha256', secret).update(`${purpose} ${id}`).digest('base64url');
  return { state: `${id}.${derive('state')}`, nonce: derive('nonce'), codeVerifier: derive('verifier') };
};

const isEqual = (left: string, right: string): boolean => {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
};
