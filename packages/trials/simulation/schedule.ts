/** Virtual time, and what is to happen in it. Nothing here waits for a real clock. */
export type Schedule = {
  /** Integer milliseconds since the Unix epoch. */
  nowMs(): number;
  after(delayMs: number, action: () => void): void;
  sleep(delayMs: number): Promise<void>;
  /**
   * Work that takes real time, as a database's: the clock stands still until it has ended, and so it takes none here. Whoever
   * waits for it goes on before anything else happens.
   */
  standStill<Result>(work: Promise<Result>): Promise<Result>;
  /** Lets everything happen that is due before `untilMs`, in the order of time, and of asking at the same time. */
  run(untilMs: number): Promise<void>;
};

type Due = { readonly atMs: number; readonly action: () => void };

/** Lets every promise that can go on go on: one turn of the real event loop, which no clock decides about. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const createSchedule = (startMs: number): Schedule => {
  let now = startMs;
  /** Latest first, so that the next one is taken from the end. */
  const due: Due[] = [];
  const underWay = new Set<Promise<unknown>>();
  const after = (delayMs: number, action: () => void): void => {
    const atMs = now + Math.max(0, Math.round(delayMs));
    let index = due.length;
    while (index > 0 && (due[index - 1]?.atMs ?? Infinity) <= atMs) index--;
    due.splice(index, 0, { atMs, action });
  };
  const standStill = async <Result>(work: Promise<Result>): Promise<Result> => {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  };
  const settle = async (): Promise<void> => {
    await turn();
    while (underWay.size > 0) {
      await Promise.allSettled(underWay);
      await turn();
    }
  };
  return {
    nowMs: () => now,
    after,
    sleep: (delayMs) => new Promise((resolve) => after(delayMs, resolve)),
    standStill,
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
