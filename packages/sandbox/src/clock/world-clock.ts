import type { Millis } from '@keyfob/server/grants';

/** How the time of a world passes. */
export type ClockMode = 'frozen' | 'running';

/** The clock of a world, as its control API shows it. */
export type ClockReading = {
  readonly nowMs: Millis;
  readonly mode: ClockMode;
  /** How many seconds of the world pass in a real one, where it runs. */
  readonly rate: number;
  /** By how much the server's clock is ahead of the world's; negative where it is behind. */
  readonly skewSeconds: number;
};

/** The time of a world. It never goes back. */
export type WorldClock = {
  now(): Millis;
  /** What the server of the world takes for the present: it may be wrong by `skewSeconds`. */
  serverNow(): Millis;
  read(): ClockReading;
  change(change: Partial<Pick<ClockReading, 'mode' | 'rate' | 'skewSeconds'>>): void;
  /** Moves forward to a moment; one that has passed changes nothing. Keeps its mode. */
  moveTo(atMs: Millis): void;
  /** Stands still until `end` is called, whatever its mode. */
  hold(): { end(): void };
  /** Resolves when the clock has come to a moment; at once for one that has passed. `signal` ends the wait. */
  reach(atMs: Millis, signal?: AbortSignal): Promise<void>;
  /** The earliest moment that somebody waits for. */
  nextWait(): Millis | undefined;
  /** Calls back at a moment if the clock runs there by itself; where it is moved there, its mover does what is due. */
  onRunning(atMs: Millis, callback: () => void): void;
};

/** Tokens carry their seconds in 32 bits, which end in 2106. */
export const CLOCK_MAX_MS: Millis = Date.UTC(2100, 0, 1);
export const CLOCK_MIN_MS: Millis = Date.UTC(2000, 0, 1);

/** Real timers end at 2 ** 31 milliseconds. */
const TIMER_MAX_MS = 2_147_483_647;

type Wait = { readonly atMs: Millis; readonly wake: () => void };

/** `monotonic`: real milliseconds, from any point. */
export const createWorldClock = (
  start: Pick<ClockReading, 'nowMs' | 'mode' | 'rate' | 'skewSeconds'>,
  monotonic: () => number = () => performance.now(),
): WorldClock => {
  let { mode, rate, skewSeconds } = start;
  let baseMs = start.nowMs;
  let baseRealMs = monotonic();
  let holds = 0;
  let timer: NodeJS.Timeout | undefined;
  const waits = new Set<Wait>();
  let alarm: Wait | undefined;

  const isRunning = (): boolean => mode === 'running' && holds === 0;
  const now = (): Millis =>
    isRunning()
      ? Math.min(CLOCK_MAX_MS, Math.floor(baseMs + (monotonic() - baseRealMs) * rate))
      : Math.floor(baseMs);
  const rebase = (): void => {
    baseMs = now();
    baseRealMs = monotonic();
  };
  const nextWait = (): Millis | undefined =>
    waits.size === 0 ? undefined : Math.min(...[...waits].map(({ atMs }) => atMs));

  /** Wakes those whose moment has come, and comes back for the next one where the clock runs. */
  const wake = (): void => {
    clearTimeout(timer);
    const nowMs = now();
    for (const wait of [...waits].sort((left, right) => left.atMs - right.atMs))
      if (wait.atMs <= nowMs) wait.wake();
    if (!isRunning()) return;
    if (alarm !== undefined && alarm.atMs <= nowMs) {
      const { wake: ring } = alarm;
      alarm = undefined;
      ring();
    }
    const next = Math.min(nextWait() ?? Infinity, alarm?.atMs ?? Infinity);
    // At its end the clock stands: a moment after it never comes.
    if (next === Infinity || nowMs >= CLOCK_MAX_MS) return;
    timer = setTimeout(wake, Math.min(TIMER_MAX_MS, Math.ceil((next - nowMs) / rate))).unref();
  };

  return {
    now,
    serverNow: () => now() + skewSeconds * 1000,
    read: () => ({ nowMs: now(), mode, rate, skewSeconds }),
    change(change) {
      rebase();
      mode = change.mode ?? mode;
      rate = change.rate ?? rate;
      skewSeconds = change.skewSeconds ?? skewSeconds;
      wake();
    },
    moveTo(atMs) {
      rebase();
      baseMs = Math.max(baseMs, Math.min(atMs, CLOCK_MAX_MS));
      wake();
    },
    hold() {
      rebase();
      holds++;
      return {
        end() {
          rebase();
          holds--;
          baseRealMs = monotonic();
          wake();
        },
      };
    },
    reach: (atMs, signal) =>
      new Promise((resolve) => {
        if (atMs <= now() || signal?.aborted === true) return resolve();
        const end = (): void => {
          waits.delete(wait);
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const wait = { atMs, wake: end };
        waits.add(wait);
        signal?.addEventListener('abort', end);
        wake();
      }),
    nextWait,
    onRunning(atMs, callback) {
      alarm = { atMs, wake: callback };
      wake();
    },
  };
};
