import type { Millis } from '../time.ts';

/** How wrong our clock may be, as the last exchanges of a client show it. */
export type Skew = {
  /** The provider's clock minus ours, the newest last. */
  readonly samples: readonly Millis[];
  /** Whether it was reported that the clocks are far apart. */
  readonly isReported: boolean;
};

/** Nothing was measured. */
export const NO_SKEW: Skew = { samples: [], isReported: false };

const SAMPLES_MAX = 20;
/** One answer may have come from a machine whose clock is wrong. */
const SAMPLES_TO_REPORT = 5;
const FAR_MS = 30_000;
const NEAR_MS = 15_000;
/** A slower exchange says little: nobody knows when the provider looked at its clock. */
const TOOK_MAX_MS = 10_000;
/** The header `Date` has whole seconds, rounded down. */
const HALF_SECOND_MS = 500;

/** The provider's clock minus ours; `undefined` for an exchange that says too little. */
export const skewShownBy = (exchange: {
  readonly sentAtMs: Millis;
  readonly receivedAtMs: Millis;
  readonly providerMs: Millis | undefined;
}): Millis | undefined => {
  const { sentAtMs, receivedAtMs, providerMs } = exchange;
  if (providerMs === undefined || receivedAtMs - sentAtMs > TOOK_MAX_MS) return undefined;
  const theirs = providerMs % 1000 === 0 ? providerMs + HALF_SECOND_MS : providerMs;
  return Math.round(theirs - (sentAtMs + receivedAtMs) / 2);
};

/** The median of the samples; 0 where there are none. */
export const skewMsOf = ({ samples }: Skew): Millis => {
  const sorted = samples.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return Math.round((low + high) / 2);
};

/** With one more sample, and whether the clocks have just turned out to be far apart. */
export const noteSkew = (
  before: Skew,
  sample: Millis,
): { readonly skew: Skew; readonly isNewlyFar: boolean } => {
  const samples = [...before.samples, sample].slice(-SAMPLES_MAX);
  const apartMs = Math.abs(skewMsOf({ ...before, samples }));
  const isFar = samples.length >= SAMPLES_TO_REPORT && apartMs > FAR_MS;
  const isReported = isFar || (before.isReported && apartMs > NEAR_MS);
  return { skew: { samples, isReported }, isNewlyFar: isFar && !before.isReported };
};
