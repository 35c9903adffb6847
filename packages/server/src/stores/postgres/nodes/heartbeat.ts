/** Work that is done again and again while there is some. */
export type Pulse = {
  /** There is some: it is done within the time of a beat. */
  arm(): void;
  /** Resolves when none is under way, and none will be. */
  stop(): Promise<void>;
};

/** Does `work` every `everyMs` as long as it `isDue`, which it stays where it fails. Keeps no process alive. */
export const createPulse = (everyMs: number, work: () => Promise<void>, isDue: () => boolean): Pulse => {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let isStopped = false;

  const arm = (): void => {
    if (timer !== undefined || working !== undefined || isStopped) return;
    timer = setTimeout(() => {
      working = workOnce();
    }, everyMs).unref();
  };

  const workOnce = async (): Promise<void> => {
    timer = undefined;
    await work().catch(() => {});
    working = undefined;
    if (isDue()) arm();
  };

  return {
    arm,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await working;
    },
  };
};
