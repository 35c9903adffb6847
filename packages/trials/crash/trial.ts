import type { StoreKind } from '../support/server-store.ts';
import type { Skipped } from '../support/skipped.ts';
import type { Report } from '../support/refresh-load/report.ts';

/** How much of a trial, and which. */
export type TrialOptions = {
  /** Of what the trial is made of: kills, stops, rounds, cut answers. */
  readonly count: number;
  readonly grants: number;
  readonly seed: number;
  /** Of a trial that can be on either. */
  readonly store: StoreKind;
  onProgress(done: number, total: number): void;
};

export type Trial = (options: TrialOptions) => Promise<Report | Skipped>;
