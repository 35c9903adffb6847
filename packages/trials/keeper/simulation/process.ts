import type { Clock } from '@keyfob/keeper';
import type { VirtualTime } from './virtual-time.ts';

/** A process of the simulation. What happens to it waits while it is stopped, and never happens when it is dead. */
export type VirtualProcess = {
  readonly number: number;
  readonly clock: Clock;
  /** Runs work in the process: now, when it goes on, or never. */
  run(work: () => void): void;
  /** Resolves when the process runs; never for a dead one. */
  turn(): Promise<void>;
  isDead(): boolean;
  kill(): void;
  /** Calls this at its death: its connections are closed then. */
  onDeath(work: () => void): void;
  /** Stops it, as SIGSTOP does, or as a machine that sleeps: then its monotonic clock stands still too. */
  stop(forMs: number, isAsleep: boolean): void;
  /** When something went wrong for it: its start, a stop, a store or a clock that failed it. In true time. */
  readonly upsets: number[];
  /** Notes such a time, or one that lasts. */
  upset(forMs?: number): void;
  diedAtMs: number | undefined;
};

const STEP_MS = 5000;

/** The moments of a time that lasts: its begin, its end, and enough between them. */
export const momentsOf = (fromMs: number, forMs = 0): readonly number[] => [
  ...Array.from({ length: Math.ceil(forMs / STEP_MS) }, (_, index) => fromMs + index * STEP_MS),
  fromMs + forMs,
];

/** A wall clock that can be wrong. */
export type Wall = { wrongMs: number };

/** Starts a process. */
export const startProcess = (number: number, time: VirtualTime, wall: Wall): VirtualProcess => {
  const waiting: (() => void)[] = [];
  const atDeath: (() => void)[] = [];
  let stops = 0;
  let sleptMs = 0;
  const run = (work: () => void): void => {
    if (process.diedAtMs !== undefined) return;
    if (stops > 0) waiting.push(work);
    else work();
  };
  const after = (delayMs: number, alarm: () => void): (() => void) => time.at(delayMs, () => run(alarm));
  const process: VirtualProcess = {
    number,
    clock: {
      wallMs: () => time.nowMs() + wall.wrongMs,
      monotonicMs: () => time.nowMs() - sleptMs,
      after,
      inBackground: after,
    },
    run,
    turn: () => new Promise((resolve) => run(resolve)),
    isDead: () => process.diedAtMs !== undefined,
    kill() {
      if (process.diedAtMs !== undefined) return;
      process.diedAtMs = time.nowMs();
      waiting.length = 0;
      for (const work of atDeath.splice(0)) work();
    },
    onDeath: (work) => void atDeath.push(work),
    stop(forMs, isAsleep) {
      stops += 1;
      if (isAsleep) sleptMs += forMs;
      process.upset(forMs);
      time.at(forMs, () => {
        stops -= 1;
        if (stops > 0) return;
        for (const work of waiting.splice(0)) run(work);
      });
    },
    upsets: [time.nowMs()],
    upset: (forMs) => void process.upsets.push(...momentsOf(time.nowMs(), forMs)),
    diedAtMs: undefined,
  };
  return process;
};
