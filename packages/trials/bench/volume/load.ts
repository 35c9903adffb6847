import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import type { Volume } from './directory.ts';
import { useAt } from './use.ts';

/** What came of a number of refreshes. */
export type Load = {
  readonly refreshes: number;
  /** Those that were answered other than with the token's successor. */
  readonly wrongAnswers: number;
  /** What was wrong with the first of them. */
  readonly firstFault: string | undefined;
  /** Ascending. */
  readonly latenciesMs: Float64Array;
  /** The longest time in which no answer came at all. */
  readonly longestGapMs: number;
  /** The longest time in which this process did nothing, which it would take for the server's. */
  readonly ownStallMs: number;
};

export type LoadOptions = {
  readonly connections: number;
  readonly refreshes: number;
  readonly onProgress?: (done: number, total: number) => void;
};

const PROGRESS_EVERY = 1000;
const NANOSECONDS_PER_MS = 1e6;

/** Refreshes grants of a volume in turn, on so many connections at once. Rejects where a connection breaks. */
export const refreshMany = async (
  volume: Volume,
  url: string,
  { connections, refreshes, onProgress }: LoadOptions,
): Promise<Load> => {
  const opened = await Promise.all(Array.from({ length: connections }, () => openConnection(url)));
  const latenciesMs = new Float64Array(refreshes);
  let wrongAnswers = 0;
  let firstFault: string | undefined;
  const first = volume.takeUses(refreshes);
  let sent = 0;
  let answered = 0;
  let longestGapMs = 0;
  let answeredAt = performance.now();

  const drive = async (connection: Connection): Promise<void> => {
    while (sent < refreshes) {
      const use = useAt(volume, first + sent++);
      const sentAt = performance.now();
      const answer = await connection.send(use.request);
      const now = performance.now();
      latenciesMs[answered++] = now - sentAt;
      longestGapMs = Math.max(longestGapMs, now - answeredAt);
      answeredAt = now;
      const fault = use.faultOf(answer);
      firstFault ??= fault;
      if (fault !== undefined) wrongAnswers++;
      if (answered % PROGRESS_EVERY === 0) onProgress?.(answered, refreshes);
    }
  };

  const stalls = monitorEventLoopDelay({ resolution: 1 });
  stalls.enable();
  try {
    await Promise.all(opened.map(drive));
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
