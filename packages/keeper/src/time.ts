import { existsSync, readFileSync, readlinkSync } from 'node:fs';

/** Integer milliseconds. Moments are counted from the Unix epoch. */
export type Millis = number;

/**
 * The two clocks of a process and its alarm. Passed in wherever time matters, so that a simulation moves it.
 * What is stored is wall time; what is measured is monotonic time.
 */
export type Clock = {
  /** The present moment, as people set it. It can jump. */
  wallMs(): Millis;
  /** Milliseconds from any point. It never jumps, and it does not count while the machine sleeps. */
  monotonicMs(): Millis;
  /** Processes with the same text here count `monotonicMs` from the same point. Missing or empty where that is unknown. */
  readonly boot?: string;
  /** Calls `alarm` once after at least so long. Returns what calls it off. Somebody waits: the process stays alive. */
  after(delayMs: Millis, alarm: () => void): () => void;
  /** The same, for what nobody waits for: it does not keep a process alive that has nothing else to do. */
  inBackground(delayMs: Millis, alarm: () => void): () => void;
};

/** `setTimeout` fires at once beyond this. https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

const startTimer = (delayMs: Millis, alarm: () => void): NodeJS.Timeout =>
  setTimeout(alarm, Math.min(Math.max(0, delayMs), TIMEOUT_MAX_MS));

/** `performance.now()` counts from the start of the process; other processes must be able to compare. */
const STARTED_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

const TIME_SPACE = '/proc/self/ns/time';

/** This boot of this machine, and the clocks that a container may have of its own. Empty where that cannot be read. */
const readBoot = (): string => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${existsSync(TIME_SPACE) ? readlinkSync(TIME_SPACE) : ''}`;
  } catch {
    return '';
  }
};
/** The machine's own clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now() + STARTED_MS,
  boot: readBoot(),
  after(delayMs, alarm) {
    const timer = startTimer(delayMs, alarm);
    return () => clearTimeout(timer);
  },
  inBackground(delayMs, alarm) {
    const timer = startTimer(delayMs, alarm).unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after so long, or at once when the signal is given. Never rejects. */
export const sleep = (clock: Clock, delayMs: Millis, signal?: AbortSignal): Promise<void> =>
  sleepBy(clock.after, delayMs, signal);

/** The same, where it is no reason for a process to stay alive. */
export const sleepInBackground = (clock: Clock, delayMs: Millis, signal?: AbortSignal): Promise<void> =>
  sleepBy(clock.inBackground, delayMs, signal);

const sleepBy = (setAlarm: Clock['after'], delayMs: Millis, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = setAlarm(delayMs, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });

/** Seconds as milliseconds. */
export const seconds = (count: number): Millis => count * 1000;

/** Days as milliseconds. */
export const days = (count: number): Millis => count * 86_400_000;
