import { leastAgeMs, readNow, toMillis } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import {
  createSessionSecret,
  digestOperatorSecret,
  isOperatorKeyText,
  isSessionSecret,
  USE_STEP_MS,
} from '../operators/operator-key.ts';
import type { OperatorSession } from '../operators/operator-store.ts';
import type { Operator } from '../operators/operator.ts';
import type { OperationContext } from './context.ts';

/** How long a link of `keyfob console login` works. */
export const LINK_SECONDS: Seconds = 300;
/** How long a session lasts without a request, and at most. */
export const SESSION_IDLE_SECONDS: Seconds = 1800;
export const SESSION_SECONDS: Seconds = 8 * 3600;

type SessionContext = Pick<OperationContext, 'store' | 'clock' | 'doubt' | 'randomness'>;

const createSession = async (
  { store, clock, randomness }: SessionContext,
  kind: OperatorSession['kind'],
  operator: Operator,
): Promise<string> => {
  const secret = createSessionSecret(randomness);
  const nowMs = clock();
  const digest = digestOperatorSecret(secret);
  await store.createOperatorSession({ digest, kind, operator, startedAtMs: nowMs, usedAtMs: nowMs });
  return secret;
};

/** Makes the secret of a link with which one person can sign in once. Throws `StoreError`. */
export const createLoginLink = (context: SessionContext, operator: Operator): Promise<string> =>
  createSession(context, 'link', operator);

/** Starts a session; answers its secret, for the cookie. Throws `StoreError`. */
export const startOperatorSession = (context: SessionContext, operator: Operator): Promise<string> =>
  createSession(context, 'browser', operator);

/** Whose link it is; `undefined` for one that is unknown, used or older than five minutes. It does not use the link. */
export const readLoginLink = async (
  context: SessionContext,
  secret: string,
): Promise<Operator | undefined> => {
  if (!isSessionSecret(secret)) return undefined;
  const session = await context.store.readOperatorSession(digestOperatorSecret(secret));
  const isFresh =
    session?.kind === 'link' && leastAgeMs(session.startedAtMs, readNow(context)) < toMillis(LINK_SECONDS);
  return isFresh ? session.operator : undefined;
};

/** Uses a link: of several callers at the same moment, one gets its operator. Throws `StoreError`. */
export const takeLoginLink = async (
  context: SessionContext,
  secret: string,
): Promise<Operator | undefined> => {
  const operator = await readLoginLink(context, secret);
  if (operator === undefined) return undefined;
  return (await context.store.endOperatorSession(digestOperatorSecret(secret))) === 'ended'
    ? operator
    : undefined;
};

/**
 * Whose session it is; `undefined` for an unknown, ended, idle or old one. `isUse`: whether the session is in use by this, so
 * that its idle time begins again. Throws `StoreError`.
 */
export const readOperatorSession = async (
  context: SessionContext,
  secret: string,
  { isUse = true }: { readonly isUse?: boolean } = {},
): Promise<Operator | undefined> => {
  if (!isSessionSecret(secret)) return undefined;
  const { store } = context;
  const digest = digestOperatorSecret(secret);
  const session = await store.readOperatorSession(digest);
  if (session?.kind !== 'browser') return undefined;
  const now = readNow(context);
  const idleMs = leastAgeMs(session.usedAtMs, now);
  const isOver =
    idleMs >= toMillis(SESSION_IDLE_SECONDS) ||
    leastAgeMs(session.startedAtMs, now) >= toMillis(SESSION_SECONDS);
  if (isOver) {
    await store.endOperatorSession(digest);
    return undefined;
  }
  if (isUse && idleMs >= USE_STEP_MS) await store.noteOperatorSessionUse(digest, now.nowMs);
  return session.operator;
};

/** Ends a session. Throws `StoreError`. */
export const endOperatorSession = async (
  { store }: Pick<OperationContext, 'store'>,
  secret: string,
): Promise<void> => {
  if (isSessionSecret(secret)) await store.endOperatorSession(digestOperatorSecret(secret));
};

/** Whose operator key it is; `undefined` for an unknown, removed or expired one. Throws `StoreError`. */
export const readOperatorKey = async (
  context: SessionContext,
  text: string,
): Promise<Operator | undefined> => {
  if (!isOperatorKeyText(text)) return undefined;
  const { store } = context;
  const key = await store.findOperatorKey(digestOperatorSecret(text));
  const { nowMs } = readNow(context);
  if (key === undefined || nowMs >= key.expiresAtMs) return undefined;
  if (key.lastUsedAtMs === undefined || nowMs - key.lastUsedAtMs >= USE_STEP_MS)
    await store.noteOperatorKeyUse(key.id, nowMs);
  const own = key.role === 'developer' ? { clientIds: key.clientIds } : {};
  return { kind: 'key', id: key.id, name: key.name, role: key.role, ...own };
};
