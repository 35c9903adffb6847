import { KeeperError, NeedsConsentError, StoreError, UnavailableError } from './errors.ts';
import { createDispatcher } from './events/dispatch.ts';
import type { Dispatcher, EventKind, Listener } from './events/dispatch.ts';
import { shareOf } from './grants/pace.ts';
import { registerParts } from './keeper-parts.ts';
import { offerFirstPairs } from './connect/spooled-pair.ts';
import { createHttpAccess } from './adapters/http-access.ts';
import type { HttpAccess } from './adapters/http-access.ts';
import { preparePut } from './putting/put.ts';
import type { PutOptions, Tokens } from './putting/put.ts';
import { putMany } from './putting/put-many.ts';
import type { PutRow, PutRowResult } from './putting/put-many.ts';
import { keptStatus } from './putting/put-result.ts';
import { createReading } from './reading/reading.ts';
import type { Reading } from './reading/reading.ts';
import { askToken } from './refresh/ask.ts';
import type { AskOptions, TokenResult } from './refresh/ask.ts';
import { createBudget } from './refresh/budget.ts';
import type { Budget } from './refresh/budget.ts';
import { createForceLimit } from './refresh/force-limit.ts';
import { createRefresher } from './refresh/refresher.ts';
import type { Engine } from './refresh/engine.ts';
import { refreshNow } from './refresh/refresh-now.ts';
import type { RefreshOutcome } from './refresh/refresh-now.ts';
import type { Refresher } from './refresh/refresher.ts';
import { revokeDue, revokeWithin, revokingOf } from './refresh/revoke.ts';
import type { RevocationResult } from './refresh/revoke.ts';
import { createTokenCache } from './refresh/token-cache.ts';
import type { Cached, TokenCache } from './refresh/token-cache.ts';
import { createHousekeeping, DEFAULT_OUTBOX } from './schedule/housekeeping.ts';
import { createLoop } from './schedule/loop.ts';
import type { Loop } from './schedule/loop.ts';
import { assemble } from './start/assemble.ts';
import type { Assembled } from './start/assemble.ts';
import { bindConnections } from './start/bind-connections.ts';
import type { BoundConnections } from './start/bind-connections.ts';
import { checkKeys, demandWhenBound } from './start/check-keys.ts';
import { drainSpool } from './start/drain-spool.ts';
import { NO_GUARD, openGuard } from './start/guard.ts';
import type { Guard } from './start/guard.ts';
import { createLinkBinder } from './start/link-binder.ts';
import type { KeyedBinder } from './start/link-binder.ts';
import type { KeeperOptions } from './start/options.ts';
import { rekey } from './start/rekey.ts';
import type { Rekeyed } from './start/rekey.ts';
import type { PutStatus, Store } from './stores/store.ts';
import { sleep, systemClock } from './time.ts';
import type { Millis } from './time.ts';

/** How a connection ended. `shared`: others use its grant, which lives. */
export type Disconnected = RevocationResult | 'shared';

/** Holds the grants of many connections. */
export type Keeper = Reading &
  HttpAccess & {
    /**
     * Keeps a pair under a name. When it resolves, the pair is on disk, encrypted. Throws `KeeperError` for a pair that cannot
     * be kept as it is: `token_of_other_client`, `token_shared` and others.
     */
    put(name: string, client: string, tokens: Tokens, options?: PutOptions): Promise<PutStatus>;
    /** Keeps many pairs, for an import. A row that is refused stops no other. It may be done again: see `PutRowResult`. */
    putMany(rows: readonly PutRow[]): Promise<readonly PutRowResult[]>;
    /** A valid access token. Throws `NeedsConsentError` or `UnavailableError`. */
    token(name: string, options?: AskOptions): Promise<string>;
    /** The same as a value, with three outcomes. */
    tryToken(name: string, options?: AskOptions): Promise<TokenResult>;
    /**
     * Ends a connection: nothing is kept alive for it any more. Its pair is revoked at the provider with the last connection that uses it:
     * at once, or by the schedule of any process within some days. Returns how that went; `undefined` where there was no connection.
     */
    disconnect(name: string): Promise<Disconnected | undefined>;
    /** Listens to stored events. Returns what ends it. Every process that shares a store listens to the same kinds. */
    on(kind: EventKind | '*', listener: Listener): () => void;
    /** Refreshes now, if that is allowed, and answers how it ended. */
    refresh(name: string): Promise<RefreshOutcome>;
    /** Seals everything with the first key of the ring. */
    rekey(onProgress?: (resealed: number) => void): Promise<Rekeyed>;
    /**
     * Binds the row of every connection to the key, in a store of a version that bound none: when no process of it is left. From then on,
     * rows that another program has written are refused; `accepted` names those that are right as they are.
     */
    bindConnections(options?: { readonly accepted?: readonly string[] }): Promise<BoundConnections>;
    /** Why nothing is sent; `undefined` where all is well. */
    quarantine(): string | undefined;
    /** One turn of the schedule, now. */
    turn(): Promise<void>;
    /** Stops starting refreshes, waits for the open ones for so long, and closes the store last. */
    close(options?: { readonly waitMs?: Millis }): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
  };

const CLOSE_WAIT_MS = 60_000;
const EVENT_HOLD_MS = 30_000;
const NOTHING_SPECIAL: AskOptions = {};

/** Opens a keeper. Throws `KeeperError`, with a remedy, where store, keys or clients are not as they must be. */
export const openKeeper = async (options: KeeperOptions): Promise<Keeper> => {
  const store = await options.store(options.clock ?? systemClock);
  try {
    const links = createLinkBinder(options.keys);
    store.useBinder(links);
    const keys = await checkKeys(store, options.keys, links);
    const parts = await compose({ ...options, keys }, store, links);
    return createKeeper(parts);
  } catch (error) {
    await store.close();
    throw error;
  }
};

type Parts = Assembled & {
  readonly cache: TokenCache;
  readonly budget: Budget;
  readonly dispatcher: Dispatcher;
  readonly refresher: Refresher;
  readonly loop: Loop;
  readonly guard: Guard;
  readonly links: KeyedBinder;
  readonly quarantine: string | undefined;
};

/** Connects the parts, takes in what an earlier process left, and starts the schedule. */
const compose = async (options: KeeperOptions, store: Store, links: KeyedBinder): Promise<Parts> => {
  const { monotonicMs } = options.clock ?? systemClock;
  const cache = createTokenCache({ nowMs: store.nowMs, monotonicMs }, options.cacheMaxBytes);
  const assembled = assemble(options, store, cache);
  const { engine } = assembled;
  const { clock, log } = engine;
  const guard = store.guardFile === undefined ? NO_GUARD : openGuard(store.guardFile);
  const quarantine = await guardAgainstCopies(options, store, guard);
  if (quarantine !== undefined) log({ event: 'quarantine', reason: quarantine });
  const budget = createBudget(engine.clients, clock, (name) =>
    shareOf(engine.book.facts(name).pace, store.nowMs()),
  );
  const dispatcher = createDispatcher(store, EVENT_HOLD_MS, log);
  const refresher = createRefresher(engine, budget, () => void dispatcher.dispatch());
  const bounds = { ...DEFAULT_OUTBOX, ...options.outbox };
  const cleanUp = createHousekeeping(engine, bounds, quarantine !== undefined);
  const loop = createLoop({
    engine,
    budget,
    refresher,
    cache,
    isQuarantined: () => quarantine !== undefined,
    async afterTurn() {
      if (quarantine === undefined) await offerFirstPairs(engine, cache.drop);
      if (quarantine === undefined) await revokeDue(engine, budget);
      await dispatcher.dispatch();
      if (quarantine === undefined) await noteInGuard(engine, guard);
      await cleanUp();
      await demandWhenBound(store, options.keys, links);
    },
  });
  await engine.book.reload();
  if (quarantine === undefined) await drainSpool(engine);
  if (options.isScheduling !== false) loop.start();
  return { ...assembled, cache, budget, dispatcher, refresher, loop, guard, links, quarantine };
};

/** A guard that cannot be written stops nothing: a copy of an older state is then not recognised. */
const noteInGuard = async ({ store, log }: Pick<Engine, 'store' | 'log'>, guard: Guard): Promise<void> => {
  try {
    guard.note(await store.identity());
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const reason = error instanceof StoreError ? error.message : `the guard cannot be written (${code})`;
    log({ event: 'store.failed', during: 'guard', reason });
  }
};

/** Why nothing may be sent; `undefined` where all is well, and then this store is noted. */
const guardAgainstCopies = async (
  { isOnlyCopy = false }: KeeperOptions,
  store: Store,
  guard: Guard,
): Promise<string | undefined> => {
  if (isOnlyCopy) {
    guard.adopt(await store.identity());
    return undefined;
  }
  // Another process may have noted a newer state between the two looks: what is read again is newer.
  const reason = guard.check(await store.identity());
  const identity = await store.identity();
  if (reason !== undefined && guard.check(identity) !== undefined) return reason;
  guard.note(identity);
  return undefined;
};

const quarantined = (reason: string): KeeperError =>
  new KeeperError(
    'quarantined',
    `Nothing is sent: ${reason}`,
    'Adopt the store where it is the only copy (isOnlyCopy).',
  );

const createKeeper = (parts: Parts): Keeper => {
  const { engine, budget, cache, dispatcher, refresher, loop, quarantine } = parts;
  const { store, clock } = engine;
  const mayForce = createForceLimit(clock);
  const asking = { refresher, cache, mayForce, isQuarantined: () => quarantine !== undefined };
  let isClosed = false;
  const refuseClosed = (): void => {
    if (!isClosed) return;
    throw new KeeperError('keeper_closed', 'The keeper is closed', 'Open one for the life of the program.');
  };
  const refuseSending = (): void => {
    refuseClosed();
    if (quarantine !== undefined) throw quarantined(quarantine);
  };
  /** The way of most questions: no look into the store, no await. */
  const fromMemory = (name: string, { rejected, minValidMs }: AskOptions): Cached | undefined => {
    if (isClosed || rejected !== undefined || minValidMs !== undefined) return undefined;
    const known = cache.get(name);
    if (known !== undefined) cache.noteAsked(known.grantId);
    return known;
  };
  const askStore = async (name: string, asked: AskOptions): Promise<TokenResult> => {
    refuseClosed();
    if (asked.rejected !== undefined) cache.drop(name);
    const result = await askToken(engine, asking, name, asked);
    const grantId = cache.get(name)?.grantId;
    if (grantId !== undefined) cache.noteAsked(grantId);
    return result;
  };
  const tryToken = async (name: string, asked: AskOptions = NOTHING_SPECIAL): Promise<TokenResult> => {
    const known = fromMemory(name, asked);
    if (known === undefined) return askStore(name, asked);
    return { status: 'ok', accessToken: known.accessToken, expiresAtMs: known.expiresAtMs, isStale: false };
  };
  const token = async (name: string, asked: AskOptions = NOTHING_SPECIAL): Promise<string> => {
    const known = fromMemory(name, asked);
    if (known !== undefined) return known.accessToken;
    const result = await askStore(name, asked);
    switch (result.status) {
      case 'ok':
        return result.accessToken;
      case 'needs_consent':
        throw new NeedsConsentError(name, result.cause);
      case 'unavailable':
        throw new UnavailableError(name, result.reason, result.retryAtMs);
    }
  };
  const close = async (options: { readonly waitMs?: Millis } = {}): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await closeParts(parts, options.waitMs ?? CLOSE_WAIT_MS);
  };
  const keeper: Keeper = {
    async put(name, client, tokens, putOptions) {
      refuseClosed();
      const put = preparePut(engine, name, client, tokens, putOptions);
      const result = await store.put(put);
      cache.drop(name);
      return keptStatus(engine, put, result);
    },
    async putMany(rows) {
      refuseClosed();
      const results = await putMany(engine, rows);
      for (const { name } of rows) cache.drop(name);
      return results;
    },
    token,
    tryToken,
    ...createHttpAccess(engine, { budget, token, onPut: cache.drop, refuseSending }),
    async disconnect(name) {
      refuseClosed();
      const grant = await store.disconnect(name, revokingOf(engine));
      cache.drop(name);
      if (grant?.state !== 'closed') return grant === undefined ? undefined : 'shared';
      if (quarantine !== undefined && engine.clients.get(grant.client)?.provider.revocationUrl !== undefined)
        return 'pending';
      return revokeWithin(engine, budget, { grant, name });
    },
    on(kind, listener) {
      const end = dispatcher.on(kind, listener);
      void dispatcher.dispatch();
      return end;
    },
    ...createReading(engine),
    async refresh(name) {
      refuseClosed();
      const outcome = await refreshNow(engine, refresher, name, quarantine);
      cache.drop(name);
      return outcome;
    },
    rekey: (onProgress = () => undefined) => rekey(engine, parts.links, onProgress),
    bindConnections: ({ accepted = [] } = {}) => bindConnections({ ...engine, links: parts.links }, accepted),
    quarantine: () => quarantine,
    turn: loop.turn,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
  registerParts(keeper, {
    engine,
    loop,
    fromMemory: (name) => fromMemory(name, NOTHING_SPECIAL),
    observe(observer) {
      parts.observers.add(observer);
      return () => void parts.observers.delete(observer);
    },
  });
  return keeper;
};

/** The store is closed last: an answer that arrives meanwhile finds it open. */
const closeParts = async (parts: Parts, waitMs: Millis): Promise<void> => {
  const { engine, budget, dispatcher, guard, loop, unsaved, quarantine } = parts;
  const { clock, store } = engine;
  await loop.stop();
  const endMs = clock.monotonicMs() + waitMs;
  while ((budget.running() > 0 || unsaved.size > 0) && clock.monotonicMs() < endMs) await sleep(clock, 20);
  parts.giveUp();
  engine.leases.stop();
  await dispatcher.dispatch();
  if (quarantine === undefined) await noteInGuard(engine, guard);
  engine.spool.close();
  await store.close();
};
