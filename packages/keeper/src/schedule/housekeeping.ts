import type { Engine } from '../refresh/engine.ts';
import { useSparesOfDead } from '../refresh/spares.ts';
import { days } from '../time.ts';
import type { Millis } from '../time.ts';

/** How many events wait for listeners, and for how long. */
export type OutboxBounds = {
  /** Where nobody listens, the oldest are dropped. 100 000 by default. */
  readonly eventsMax: number;
  /** 30 by default. */
  readonly daysMax: number;
};

/** The bounds of production. */
export const DEFAULT_OUTBOX: OutboxBounds = { eventsMax: 100_000, daysMax: 30 };

const KEPT_DAYS = 90;
const EVERY_MS = 3_600_000;
/** More rows at a time would keep the event loop busy. */
const AT_ONCE = 1000;

/**
 * Once an hour: brings back what died with a pair beside it, and deletes what nobody needs any more, a little in every turn until
 * nothing is left of it. A copy that may not send brings nothing back.
 */
export const createHousekeeping = (
  engine: Engine,
  { eventsMax, daysMax }: OutboxBounds,
  isQuarantined: boolean,
): (() => Promise<void>) => {
  const { store, clock, log } = engine;
  let nextAtMs: Millis = -Infinity;
  return async () => {
    if (clock.monotonicMs() < nextAtMs) return;
    if (!isQuarantined) await useSparesOfDead(engine);
    const nowMs = store.nowMs();
    const { droppedEvents, isMore } = await store.prune({
      beforeMs: nowMs - days(KEPT_DAYS),
      outbox: { beforeMs: nowMs - days(daysMax), eventsMax },
      limit: AT_ONCE,
    });
    if (droppedEvents > 0) log({ event: 'events.dropped', count: droppedEvents });
    if (!isMore) nextAtMs = clock.monotonicMs() + EVERY_MS;
  };
};
