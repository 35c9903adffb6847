import type { Wire } from './wire.ts';

/** One measurement, as the generator is asked for it. */
export type Job = {
  readonly port: number;
  readonly wire: Wire;
  /** One connection for each. */
  readonly refreshTokens: readonly string[];
  /** Driven as hard, and not counted. */
  readonly warmupMs: number;
  readonly measureMs: number;
  /** The server's processes, which are read with their children at both ends of the measured time. */
  readonly pids: readonly number[];
  readonly walIndexPath: string | undefined;
};

/** What one measurement found. What this system cannot measure is left out. */
export type Figures = {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  /** User and system time of the server's processes. */
  readonly cpuMicrosPerRequest?: number;
  readonly writtenBytesPerRequest?: number;
  readonly residentBytes?: number;
  readonly residentMaxBytes?: number;
  readonly commitsPerSecond?: number;
  /** CPU time of the generator over the time that passed: 1 is a whole core. */
  readonly generatorCpuShare: number;
};

/** The generator's answer: figures with the tokens to go on with, or the first wrong answer, without secrets. */
export type JobOutcome =
  { readonly figures: Figures; readonly refreshTokens: readonly string[] } | { readonly wrong: string };
