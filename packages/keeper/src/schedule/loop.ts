import { KeeperError, StoreError } from '../errors.ts';
import type { DueRank, Grant } from '../grants/grant.ts';
import { blockedUntil, isAhead, isStopped } from '../grants/client-facts.ts';
import { endsSoonBefore, mayPassOutage } from '../grants/outage.ts';
import type { Budget } from '../refresh/budget.ts';
import type { Engine } from '../refresh/engine.ts';
import { dueOf } from '../refresh/pair.ts';
import type { Refresher } from '../refresh/refresher.ts';
import type { TokenCache } from '../refresh/token-cache.ts';
import type { Millis } from '../time.ts';
import { levelDue } from './level-due.ts';
import { warnOfEnds } from './warn-of-ends.ts';

/** The one loop of a keeper. No grant has a timer of its own. */
export type Loop = {
  start(): void;
  /** Ends the loop; what it has started goes on. Resolves when no turn runs. */
  stop(): Promise<void>;
  /** One turn: what was left, what is due, what was asked for. */
  turn(): Promise<void>;
};

/** What the loop works with. */
export type LoopParts = {
  readonly engine: Engine;
  readonly budget: Budget;
  readonly refresher: Refresher;
  readonly cache: TokenCache;
  readonly isQuarantined: () => boolean;
  /** What else must happen now and then. */
  readonly afterTurn: () => Promise<void>;
};

const RANKS: readonly DueRank[] = [0, 1, 2];
const IN_A_PAUSE: readonly DueRank[] = [0];
/** A due grant that was taken and not refreshed is due again after so long. */
const HOLD_MS = 60_000;
/** Turns for which a grant that may be lost is held: an overlap does not wait for a process that has died, or met a failing store. */
const HOLD_TURNS = 2;
/** Where more is due than a client may start at once, so many turns are made in the time of one. */
const MORE_TURNS = 10;
/** A turn must not keep the event loop busy; the others wait for the next one. */
const ASKED_AT_ONCE = 2000;
const WARN_EVERY_MS = 3_600_000;
const LEVEL_EVERY_MS = 600_000;

export const createLoop = (parts: LoopParts): Loop => {
  const { engine } = parts;
  const { clock, timing } = engine;
  /** Clients for which more was due than could be started. */
  const behind = new Set<string>();
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let isOver = false;
  let warnedAtMs = -Infinity;
  let levelledAtMs = -Infinity;

  const turn = async (): Promise<void> => {
    try {
      await engine.book.reload();
      if (!parts.isQuarantined()) {
        await recover(parts);
        for (const client of engine.clients.keys()) {
          if (await startDue(parts, client, behind.has(client))) behind.add(client);
          else behind.delete(client);
        }
      }
      await noteAsked(parts);
      if (!parts.isQuarantined() && clock.monotonicMs() - levelledAtMs >= LEVEL_EVERY_MS) {
        levelledAtMs = clock.monotonicMs();
        await levelDue(engine);
      }
      if (Math.abs(clock.wallMs() - warnedAtMs) >= WARN_EVERY_MS) {
        warnedAtMs = clock.wallMs();
        await warnOfEnds(engine.store, engine.clients.keys(), clock);
      }
      engine.spool.beat();
      await parts.afterTurn();
    } catch (error) {
      noteFailure(engine, 'schedule', error);
    }
  };

  const schedule = (delayMs: Millis): void => {
    if (isOver) return;
    cancel = clock.inBackground(delayMs, () => {
      running = turn().finally(() => {
        running = undefined;
        schedule(behind.size > 0 ? timing.scanMs / MORE_TURNS : timing.scanMs);
      });
    });
  };

  return {
    start: () => schedule(0),
    turn,
    async stop() {
      isOver = true;
      cancel?.();
      await running;
    },
  };
};

/** Grants whose sender is gone, or has lost its lease: the refresh itself decides what that means. */
const recover = async ({ engine, refresher }: LoopParts): Promise<void> => {
  const nowMs = engine.store.nowMs();
  for (const grant of await engine.store.leased()) {
    if (grant.lease === undefined || engine.leases.isHeld(grant.id)) continue;
    if (!engine.clients.has(grant.client) || engine.leases.isRunning(grant.lease, nowMs)) continue;
    start(engine, refresher, grant);
  }
};

/** Starts what is due, as far as the budget goes. Returns whether more may be due, which is as before where there is no room. */
const startDue = async (parts: LoopParts, client: string, wasBehind: boolean): Promise<boolean> => {
  const { engine, budget, refresher } = parts;
  const facts = engine.book.facts(client);
  const nowMs = engine.store.nowMs();
  const isRefused =
    facts.breaker !== undefined && blockedUntil({ ...facts, outage: undefined }, nowMs) !== undefined;
  const isUnreachable = isAhead(facts.outage?.retryAtMs, nowMs);
  const isHeld = isRefused || isUnreachable;
  const isPaused = isHeld || isAhead(facts.pausedUntilMs, nowMs);
  if (isUnreachable && !isRefused) await startEnding(parts, client);
  // A pause holds up what can wait. A token that may have been used has its overlap, and no longer.
  const isOverlapping = engine.clients.get(client)?.provider.repeats.kind === 'overlap';
  if (isPaused && !isOverlapping) return false;
  for (const rank of isPaused ? IN_A_PAUSE : RANKS) {
    // A stopped client gets one canary.
    const isCanary = isStopped(facts) && !isHeld;
    const limit = Math.min(budget.room(client), isCanary ? 1 : Infinity);
    if (limit < 1) return wasBehind && !isStopped(facts);
    const holdMs = rank === 0 ? HOLD_TURNS * engine.timing.scanMs : HOLD_MS;
    const grants = await engine.store.takeDue({ client, rank, limit, holdMs, isSent: isPaused });
    for (const grant of grants) start(engine, refresher, grant);
    if (isCanary && grants.length > 0) return false;
    if (grants.length === limit) return !isHeld;
  }
  return false;
};

const ENDING_AT_ONCE = 200;

/** Starts what is due and whose refresh token ends soon: an outage must not be the reason why it ends. */
const startEnding = async ({ engine, budget, refresher }: LoopParts, client: string): Promise<void> => {
  const nowMs = engine.store.nowMs();
  const repeats = engine.clients.get(client)?.provider.repeats;
  if (repeats === undefined) return;
  const ending = await engine.store.endingBefore(client, endsSoonBefore(nowMs), {
    after: { refreshExpiresAtMs: nowMs, id: '' },
    limit: ENDING_AT_ONCE,
  });
  const due = ending.filter(
    (grant) => (grant.due?.atMs ?? Infinity) <= nowMs && mayPassOutage(grant, repeats, nowMs),
  );
  for (const grant of due.slice(0, budget.room(client))) start(engine, refresher, grant);
};

const start = (engine: Engine, refresher: Refresher, grant: Grant): void => {
  refresher.refresh(grant, false).catch((error: unknown) => noteFailure(engine, 'refresh', error, grant.id));
};

/** A failure of one grant, or of the store for a while, never ends the loop: all others are still kept. */
const noteFailure = (engine: Engine, during: string, error: unknown, grantId?: string): void => {
  if (error instanceof StoreError) {
    engine.leases.doubt(engine.timing.storeSettleMs + engine.timing.scanMs);
    engine.log({ event: 'store.failed', during, reason: error.message });
    return;
  }
  const reason = error instanceof KeeperError ? error.code : error instanceof Error ? error.name : 'unknown';
  engine.log({ event: 'refresh.failed', grantId, reason });
};

/** Writes down who was asked for, and makes their next refresh due while the access token is still valid. */
const noteAsked = async ({ engine, cache }: LoopParts): Promise<void> => {
  const touches = [];
  for (const [grantId, askedAtMs] of cache.takeAsked(ASKED_AT_ONCE)) {
    const grant = await engine.store.read(grantId);
    const client = grant === undefined ? undefined : engine.clients.get(grant.client);
    if (grant === undefined || client === undefined) continue;
    const lifeMs = grant.accessExpiresAtMs - grant.issuedAtMs;
    if (grant.askedAtMs !== undefined && askedAtMs - grant.askedAtMs < lifeMs / 2) continue;
    const { learned } = engine.book.facts(grant.client);
    const due = dueOf(grant, client, learned, grant, { askedAtMs, nowMs: engine.store.nowMs() });
    touches.push({ grantId, askedAtMs, due });
  }
  if (touches.length > 0) await engine.store.touch(touches);
};
