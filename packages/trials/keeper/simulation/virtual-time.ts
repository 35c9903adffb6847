import type { Clock } from '@keyfob/keeper';

/** Time that passes from event to event. */
export type VirtualTime = {
  nowMs(): number;
  /** Calls `work` then. Returns what calls it off. */
  at(delayMs: number, work: () => void): () => void;
  /** Moves to the next event, runs it and all that follows from it at once. Returns `false` where there is none before `untilMs`. */
  step(untilMs: number): Promise<boolean>;
  /** A clock as a keeper wants it; `wrongMs` is how wrong its wall clock is. */
  clock(wrongMs?: number): Clock;
};

type Event = { readonly atMs: number; readonly number: number; readonly work: () => void; isOff: boolean };

/** Starts at a moment in 2026. */
export const createVirtualTime = (): VirtualTime => {
  let nowMs = Date.UTC(2026, 0, 1);
  let made = 0;
  const heap: Event[] = [];
  const isBefore = (one: Event | undefined, other: Event | undefined): boolean =>
    one !== undefined &&
    other !== undefined &&
    (one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number));
  const swap = (one: number, other: number): void => {
    [heap[one], heap[other]] = [heap[other] as Event, heap[one] as Event];
  };
  const push = (event: Event): void => {
    let index = heap.push(event) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && isBefore(heap[index], heap[parent]);) {
      swap(index, parent);
      index = parent;
      parent = (index - 1) >> 1;
    }
  };
  const pop = (): Event | undefined => {
    if (heap.length === 0) return undefined;
    swap(0, heap.length - 1);
    const first = heap.pop();
    for (let index = 0; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = isBefore(heap[right], heap[left]) ? right : left;
      if (!isBefore(heap[child], heap[index])) return first;
      swap(index, child);
      index = child;
    }
  };
  const at = (delayMs: number, work: () => void): (() => void) => {
    const event = { atMs: nowMs + Math.max(0, Math.ceil(delayMs)), number: made++, work, isOff: false };
    push(event);
    return () => {
      event.isOff = true;
    };
  };
  return {
    nowMs: () => nowMs,
    at,
    async step(untilMs) {
      for (;;) {
        const next = heap[0];
        if (next === undefined || next.atMs > untilMs) return false;
        pop();
        if (next.isOff) continue;
        nowMs = next.atMs;
        next.work();
        // Everything that follows at once is microtasks: they are done before this resolves.
        await new Promise<void>((resolve) => void setImmediate(resolve));
        return true;
      }
    },
    clock: (wrongMs = 0) => ({
      wallMs: () => nowMs + wrongMs,
      monotonicMs: () => nowMs,
      after: at,
      inBackground: at,
    }),
  };
};
