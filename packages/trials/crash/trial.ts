import type { StoreKind } from '../support/server-store.ts';
import type { Skipped } from '../support/skipped.ts';
import type { Report } from '../support/refresh-load/report.ts';

/** The size, seed and store of a trial. */
export type TrialOptions = {
  /** The number of kills, stops, rounds or truncated answers, depending on the trial. */
  readonly count: number;
  readonly grants: number;
  readonly seed: number;
  /** Ignored by trials that support only one store. */
  readonly store: StoreKind;
  onProgress(done: number, total: number): void;
};

export type Trial = (options: TrialOptions) => Promise<Report | Skipped>;
