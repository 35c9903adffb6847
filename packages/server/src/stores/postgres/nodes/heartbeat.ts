import type { Millis } from '../../../clock.ts';

/** Work that is repeated as long as there is some. */
export type Heartbeat = {
  /** There is work: it begins within the interval. */
  schedule(): void;
  /** Resolves when no work is under way, and none will begin. */
  stop(): Promise<void>;
};

/** Does `work` every `intervalMs` as long as `isDue`. Work that fails is tried again. Does not keep the process alive. */
export const createHeartbeat = (
  intervalMs: Millis,
  work: () => Promise<void>,
  isDue: () => boolean,
): Heartbeat => {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let isStopped = false;

  const schedule = (): void => {
    if (timer !== undefined || working !== undefined || isStopped) return;
    timer = setTimeout(() => {
      working = workOnce();
    }, intervalMs).unref();
  };

  const workOnce = async (): Promise<void> => {
    timer = undefined;
    await work().catch(() => {});
    working = undefined;
    if (isDue()) schedule();
  };

  return {
    schedule,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await working;
    },
  };
};
