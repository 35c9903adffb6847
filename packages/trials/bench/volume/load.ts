import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import type { Volume } from './directory.ts';
import { useAt } from './use.ts';

/** The result of a number of refreshes. */
export type Load = {
  readonly refreshes: number;
  /** The number of answers without the token's successor. */
  readonly wrongAnswers: number;
  /** Describes the first wrong answer. */
  readonly firstFault: string | undefined;
  /** Ascending. */
  readonly latenciesMs: Float64Array;
  /** The longest time without any answer. */
  readonly longestGapMs: number;
  /** The longest stall of this process, which would look like a stall of the server. */
  readonly ownStallMs: number;
};

export type LoadOptions = {
  readonly connections: number;
  readonly refreshes: number;
  readonly onProgress?: (done: number, total: number) => void;
};

const PROGRESS_EVERY = 1000;
const NANOSECONDS_PER_MS = 1e6;

/** Refreshes the grants of a volume in turn, on several connections. Rejects if a connection breaks. */
export const refreshMany = async (
  volume: Volume,
  url: string,
  { connections, refreshes, onProgress }: LoadOptions,
): Promise<Load> => {
  const opened = await Promise.all(Array.from({ length: connections }, () => openConnection(url)));
  const latenciesMs = new Float64Array(refreshes);
  let wrongAnswers = 0;
  let firstFault: string | undefined;
  const first = volume.reserveUses(refreshes);
  let sent = 0;
  let answered = 0;
  let longestGapMs = 0;
  let lastAnswerMs = performance.now();

  const refreshOn = async (connection: Connection): Promise<void> => {
    while (sent < refreshes) {
      const use = useAt(volume, first + sent++);
      const sentAtMs = performance.now();
      const answer = await connection.send(use.request);
      const now = performance.now();
      latenciesMs[answered++] = now - sentAtMs;
      longestGapMs = Math.max(longestGapMs, now - lastAnswerMs);
      lastAnswerMs = now;
      const fault = use.faultOf(answer);
      firstFault ??= fault;
      if (fault !== undefined) wrongAnswers++;
      if (answered % PROGRESS_EVERY === 0) onProgress?.(answered, refreshes);
    }
  };

  const stalls = monitorEventLoopDelay({ resolution: 1 });
  stalls.enable();
  try {
    await Promise.all(opened.map(refreshOn));
  } finally {
    stalls.disable();
    for (const connection of opened) connection.close();
  }
  return {
    refreshes,
    wrongAnswers,
    firstFault,
    latenciesMs: latenciesMs.sort(),
    longestGapMs,
    ownStallMs: stalls.max / NANOSECONDS_PER_MS,
  };
};
