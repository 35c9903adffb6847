import type { Engine } from '../refresh/engine.ts';
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

/** Deletes what nobody needs any more: once an hour, and until nothing is left of it, a little in every turn. */
export const createHousekeeping = (
  { store, clock, log }: Engine,
  { eventsMax, daysMax }: OutboxBounds,
): (() => Promise<void>) => {
  let nextAtMs: Millis = -Infinity;
  return async () => {
    if (clock.monotonicMs() < nextAtMs) return;
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
