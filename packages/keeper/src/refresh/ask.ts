import { STORE_UNAVAILABLE, StoreError } from '../errors.ts';
import { OUTAGE_REASON } from '../grants/client-facts.ts';
import { neededMs } from '../grants/expiry.ts';
import type { ConsentCause, Grant } from '../grants/grant.ts';
import { skewMsOf } from '../grants/skew.ts';
import { sleep } from '../time.ts';
import type { Millis } from '../time.ts';
import { isFromFuture } from '../timeline.ts';
import type { Engine } from './engine.ts';
import { openPair } from './pair.ts';
import type { Refreshed } from './refreshed.ts';
import type { Refresher } from './refresher.ts';
import type { TokenCache } from './token-cache.ts';

/** What a caller gets. Exactly three outcomes. */
export type TokenResult =
  | {
      readonly status: 'ok';
      readonly accessToken: string;
      readonly expiresAtMs: Millis;
      /** Served although it should have been refreshed: the refresh is in trouble, and this one is still valid. */
      readonly isStale: boolean;
    }
  /** Only a new consent of the owner helps. */
  | { readonly status: 'needs_consent'; readonly cause: ConsentCause; readonly sinceMs: Millis }
  /** There is none at this moment, and the grant lives. Never a reason to log an owner out. */
  | { readonly status: 'unavailable'; readonly reason: string; readonly retryAtMs: Millis };

/** What a caller wants. */
export type AskOptions = {
  /** The token must be valid for so much longer; half of its life at most. */
  readonly minValidMs?: Millis | undefined;
  /** How long to wait for a new one. */
  readonly waitMs?: Millis | undefined;
  /** Ends the wait, and nothing else: a refresh that has begun goes on. */
  readonly signal?: AbortSignal | undefined;
  /** An access token that was refused: another one is wanted, although it looks valid. */
  readonly rejected?: string | undefined;
};

const POLL_FIRST_MS = 100;
const POLL_MAX_MS = 1000;
const RETRY_LEAST_MS = 20;
const FORCE_AGAIN_MS = 30_000;
const QUARANTINE_AGAIN_MS = 60_000;

/** What a question works with besides the engine. */
type AskParts = {
  readonly refresher: Refresher;
  readonly cache: TokenCache;
  readonly isQuarantined: () => boolean;
  readonly mayForce: (grantId: string) => boolean;
};

/**
 * A valid access token for a connection: from memory, from the store, or from a refresh. Rejects only for bugs, keys that
 * are missing, and the signal.
 */
export const askToken = async (
  engine: Engine,
  parts: AskParts,
  name: string,
  options: AskOptions,
): Promise<TokenResult> => {
  const { store, clock, timing } = engine;
  const { givenUp } = engine.unsaved;
  const stop = options.signal === undefined ? givenUp : AbortSignal.any([options.signal, givenUp]);
  const question = { engine, parts, name, options };
  const endsMs = clock.monotonicMs() + (options.waitMs ?? timing.callerWaitMs);
  const leftMs = (): Millis => endsMs - clock.monotonicMs();
  let pollMs = POLL_FIRST_MS;
  let last: Grant | undefined;
  let isAllowed = false;
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      if (givenUp.aborted)
        return fallback(engine, options, last, 'keeper_closed', store.nowMs() + timing.scanMs);
      last = await store.find(name);
      const served = serve(engine, parts.cache, name, last, options);
      if (served !== undefined || last === undefined) return served ?? NOT_CONNECTED;
      const refused = whyNoRefresh(question, last, isAllowed);
      if (refused !== undefined) return refused;
      isAllowed ||= isForced(last, options, store.nowMs());
      parts.cache.noteAsked(last.id);
      const refreshed = await within(engine, parts.refresher.refresh(last, true), leftMs(), options.signal);
      const next = afterRefresh(question, last, refreshed, leftMs());
      if (next !== 'poll' && 'status' in next) return next;
      if (next !== 'poll') {
        if (next.pauseMs > 0) await sleep(clock, next.pauseMs, stop);
        continue;
      }
      // Another process is at it. It is never overtaken: the row shows when it has ended.
      if (pollMs >= leftMs())
        return fallback(
          engine,
          options,
          refreshed?.grant ?? last,
          'refreshing',
          store.nowMs() + timing.scanMs,
        );
      await sleep(clock, pollMs * (0.75 + engine.chance() / 2), stop);
      pollMs = Math.min(POLL_MAX_MS, pollMs * 1.5);
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    engine.log({ event: 'store.failed', during: 'token', reason: error.message });
    return fallback(engine, options, last, STORE_UNAVAILABLE, store.nowMs() + timing.scanMs);
  }
};

type Question = {
  readonly engine: Engine;
  readonly parts: AskParts;
  readonly name: string;
  readonly options: AskOptions;
};

/** What a caller gets where its grant may not be refreshed here and now. */
const whyNoRefresh = (
  { engine, parts, options }: Question,
  grant: Grant,
  isAllowed: boolean,
): TokenResult | undefined => {
  const nowMs = engine.store.nowMs();
  if (!engine.clients.has(grant.client))
    return fallback(engine, options, grant, 'client_not_configured', nowMs + FORCE_AGAIN_MS);
  if (parts.isQuarantined())
    return fallback(engine, options, grant, 'quarantined', nowMs + QUARANTINE_AGAIN_MS);
  if (isAllowed || !isForced(grant, options, nowMs)) return undefined;
  if (parts.refresher.isRefreshing(grant.id) || parts.mayForce(grant.id)) return undefined;
  return fallback(engine, options, grant, 'refused_too_often', nowMs + FORCE_AGAIN_MS);
};

/** What a refresh means to a caller: a result, a pause before it looks again, or that another process is at it. */
const afterRefresh = (
  { engine, parts, name, options }: Question,
  last: Grant,
  refreshed: Refreshed | undefined,
  leftMs: Millis,
): TokenResult | { readonly pauseMs: Millis } | 'poll' => {
  const nowMs = engine.store.nowMs();
  if (refreshed === undefined)
    return fallback(engine, options, last, 'refreshing', nowMs + engine.timing.scanMs);
  const { kind, grant, unsaved, reason, retryAtMs } = refreshed;
  if (grant === undefined) return NOT_CONNECTED;
  if (unsaved !== undefined) {
    const { accessToken } = unsaved;
    return { status: 'ok', accessToken, expiresAtMs: grant.accessExpiresAtMs, isStale: false };
  }
  switch (kind) {
    case 'refreshed': {
      const ended = serve(engine, parts.cache, name, grant, NOTHING_SPECIAL);
      if (ended !== undefined) return ended;
      // The pair of an older answer: it lives, but its access token has ended meanwhile.
      return reason === 'refreshed' ? fallback(engine, options, grant, reason) : { pauseMs: 0 };
    }
    case 'later': {
      const now = fallback(engine, options, grant, reason, retryAtMs);
      const waitMs = (retryAtMs ?? Infinity) - nowMs;
      // An outage is longer than any caller waits.
      if (now.status === 'ok' || reason === OUTAGE_REASON || waitMs >= leftMs) return now;
      return { pauseMs: Math.max(RETRY_LEAST_MS, waitMs) };
    }
    case 'over':
      return serve(engine, parts.cache, name, grant, options) ?? 'poll';
    case 'busy':
      return 'poll';
  }
};

const NOTHING_SPECIAL: AskOptions = {};
const NOT_CONNECTED: TokenResult = { status: 'needs_consent', cause: 'not_connected', sinceMs: 0 };

/** Causes after which the last access token may still work. */
const OUTLIVED: ReadonlySet<ConsentCause | undefined> = new Set(['lost_response', 'expired']);

/** What a row alone answers; `undefined` where it must be refreshed first. */
const serve = (
  engine: Engine,
  cache: TokenCache,
  name: string,
  grant: Grant | undefined,
  options: AskOptions,
): TokenResult | undefined => {
  if (grant === undefined) return NOT_CONNECTED;
  const nowMs = engine.store.nowMs();
  const { state, cause, accessExpiresAtMs: expiresAtMs, issuedAtMs, sinceMs } = grant;
  if (state === 'closed') return { status: 'needs_consent', cause: 'disconnected', sinceMs };
  if (state === 'dead') {
    if (OUTLIVED.has(cause) && expiresAtMs > nowMs && options.rejected === undefined)
      return fallback(engine, options, grant, 'dead');
    return { status: 'needs_consent', cause: cause ?? 'revoked', sinceMs };
  }
  // It ends earlier than it says: by how much, nobody knows.
  if (isFromFuture(issuedAtMs, nowMs)) return undefined;
  const wanted = neededMs(
    options.minValidMs ?? engine.timing.minValidMs,
    expiresAtMs - issuedAtMs,
    engine.clients.has(grant.client) ? skewMsOf(engine.book.facts(grant.client).skew) : 0,
  );
  if (expiresAtMs - nowMs <= wanted) return undefined;
  const { accessToken } = openPair(engine.keys, grant);
  if (accessToken === '' || accessToken === options.rejected) return undefined;
  cache.put(name, { grantId: grant.id, accessToken, expiresAtMs, freshUntilMs: expiresAtMs - wanted });
  return { status: 'ok', accessToken, expiresAtMs, isStale: false };
};

/** Whether only a refused token asks for a refresh. A lack of permission must not become a storm of refreshes. */
const isForced = (grant: Grant, { rejected }: AskOptions, nowMs: Millis): boolean =>
  rejected !== undefined && grant.accessExpiresAtMs > nowMs;

/** The old access token while it is valid, else when to try again. */
const fallback = (
  engine: Engine,
  { rejected }: AskOptions,
  grant: Grant | undefined,
  reason: string,
  retryAtMs?: Millis,
): TokenResult => {
  const nowMs = engine.store.nowMs();
  if (grant !== undefined && grant.accessExpiresAtMs > nowMs) {
    const { accessToken } = openPair(engine.keys, grant);
    if (accessToken !== '' && accessToken !== rejected)
      return { status: 'ok', accessToken, expiresAtMs: grant.accessExpiresAtMs, isStale: true };
  }
  return {
    status: 'unavailable',
    reason,
    retryAtMs: Math.max(nowMs, retryAtMs ?? nowMs + engine.timing.scanMs),
  };
};

/** Waits for a refresh, but not longer; `undefined` where it takes longer. The refresh goes on. */
const within = async (
  engine: Engine,
  refreshing: Promise<Refreshed>,
  waitMs: Millis,
  signal: AbortSignal | undefined,
): Promise<Refreshed | undefined> => {
  const done = new AbortController();
  const giveUp = (): void => done.abort();
  signal?.addEventListener('abort', giveUp, { once: true });
  engine.unsaved.givenUp.addEventListener('abort', giveUp, { once: true });
  try {
    const result = await Promise.race([
      refreshing,
      sleep(engine.clock, waitMs, done.signal).then(() => undefined),
    ]);
    signal?.throwIfAborted();
    return result;
  } finally {
    done.abort();
    signal?.removeEventListener('abort', giveUp);
    engine.unsaved.givenUp.removeEventListener('abort', giveUp);
    // Nobody waits any more: what becomes of it is in the row.
    refreshing.catch(() => undefined);
  }
};
