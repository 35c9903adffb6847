import type { Wire } from './wire.ts';

/** One measurement, as the generator receives it. */
export type Job = {
  readonly port: number;
  readonly wire: Wire;
  /** The generator opens one connection for each token. */
  readonly refreshTokens: readonly string[];
  /** The same load as in the measurement, but not counted. */
  readonly warmupMs: number;
  readonly measureMs: number;
  /** The server's processes. They and their children are read at the start and the end of the measured time. */
  readonly pids: readonly number[];
  readonly walIndexPath: string | undefined;
};

/** The result of one measurement. Figures that this system cannot measure are absent. */
export type Figures = {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly longestMs: number;
  /** User and system time of the server's processes. */
  readonly cpuMicrosPerRequest?: number;
  readonly writtenBytesPerRequest?: number;
  readonly residentBytes?: number;
  readonly residentMaxBytes?: number;
  readonly commitsPerSecond?: number;
  /** CPU time of the generator divided by the elapsed time: 1 is a full core. */
  readonly generatorCpuShare: number;
};

/** The generator's result: figures and the tokens to continue with, or the first wrong answer, without secrets. */
export type JobOutcome =
  { readonly figures: Figures; readonly refreshTokens: readonly string[] } | { readonly wrong: string };
