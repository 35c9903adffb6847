/** Virtual time and its scheduled actions. Nothing here waits for a real clock. */
export type Schedule = {
  /** Integer milliseconds since the Unix epoch. */
  nowMs(): number;
  after(delayMs: number, action: () => void): void;
  sleep(delayMs: number): Promise<void>;
  /**
   * Runs work that takes real time, such as database work, while the virtual clock is stopped. Code that awaits it
   * continues before any other action.
   */
  stopClockDuring<Result>(work: Promise<Result>): Promise<Result>;
  /** Runs every action that is due before `untilMs`, in order of time; at the same time, in order of scheduling. */
  run(untilMs: number): Promise<void>;
};

type Due = { readonly atMs: number; readonly action: () => void };

/** Runs every promise that can continue: one turn of the real event loop, which depends on no clock. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const createSchedule = (startMs: number): Schedule => {
  let now = startMs;
  /** Latest first, so that the next one is taken from the end. */
  const due: Due[] = [];
  const inProgress = new Set<Promise<unknown>>();
  const after = (delayMs: number, action: () => void): void => {
    const atMs = now + Math.max(0, Math.round(delayMs));
    let index = due.length;
    while (index > 0 && (due[index - 1]?.atMs ?? Infinity) <= atMs) index--;
    due.splice(index, 0, { atMs, action });
  };
  const stopClockDuring = async <Result>(work: Promise<Result>): Promise<Result> => {
    inProgress.add(work);
    try {
      return await work;
    } finally {
      inProgress.delete(work);
    }
  };
  const settle = async (): Promise<void> => {
    await turn();
    while (inProgress.size > 0) {
      await Promise.allSettled(inProgress);
      await turn();
    }
  };
  return {
    nowMs: () => now,
    after,
    sleep: (delayMs) => new Promise((resolve) => after(delayMs, resolve)),
    stopClockDuring,
    async run(untilMs) {
      await settle();
      for (let next = due.pop(); next !== undefined; next = due.pop()) {
        if (next.atMs >= untilMs) break;
        now = next.atMs;
        next.action();
        await settle();
      }
      now = untilMs;
    },
  };
};
