import type { Millis, Seconds } from '../clock.ts';

/** What a bucket counted since its last report. */
export type FailureReport = { readonly failures: number; readonly refused: number };

/** Failures counted by key. A bucket with `failuresMax` failures is full until one is forgotten. */
export type FailureBuckets = {
  /** Integer milliseconds until one more failure fits; 0 for at once. */
  waitMs(key: string, nowMs: Millis): Millis;
  /** Counts a failure. Answers when the bucket is empty again, in integer milliseconds. */
  fill(key: string, nowMs: Millis): Millis;
  takeBack(key: string): void;
  /** Counts a throttled request. Answers a report at most once a minute. */
  noteRefused(key: string, nowMs: Millis): FailureReport | undefined;
};

type Bucket = { emptyAtMs: Millis; failures: number; refused: number; reportedAtMs: Millis };

const REPORT_INTERVAL_MS = 60_000;

/** The bucket that was used longest ago makes room for a new one. */
export const BUCKETS_MAX = 50_000;

/**
 * Leaky buckets, each kept as the moment at which it is empty again: one failure is forgotten every
 * `windowSeconds / failuresMax` seconds. With a `failuresMax` of 0 nothing is counted and nothing is throttled.
 */
export const createFailureBuckets = (failuresMax: number, windowSeconds: Seconds): FailureBuckets => {
  const intervalMs = failuresMax === 0 ? 0 : Math.ceil((windowSeconds * 1000) / failuresMax);
  const fullMs = intervalMs * failuresMax;
  const buckets = new Map<string, Bucket>();

  /** The bucket, moved to the end of the order of use. */
  const touch = (key: string): Bucket => {
    const bucket = buckets.get(key) ?? {
      emptyAtMs: 0,
      failures: 0,
      refused: 0,
      reportedAtMs: Number.NEGATIVE_INFINITY,
    };
    buckets.delete(key);
    if (buckets.size >= BUCKETS_MAX) buckets.delete(buckets.keys().next().value ?? '');
    buckets.set(key, bucket);
    return bucket;
  };

  return {
    waitMs(key, nowMs) {
      // A clock that is set back must not make anyone wait for the time that it had run ahead.
      const filledMs = Math.min((buckets.get(key)?.emptyAtMs ?? 0) - nowMs, fullMs);
      return Math.max(0, filledMs - (fullMs - intervalMs));
    },
    fill(key, nowMs) {
      if (intervalMs === 0) return nowMs;
      const bucket = touch(key);
      const filledMs = Math.max(0, Math.min(bucket.emptyAtMs - nowMs, fullMs - intervalMs));
      bucket.emptyAtMs = nowMs + filledMs + intervalMs;
      bucket.failures++;
      return bucket.emptyAtMs;
    },
    takeBack(key) {
      const bucket = buckets.get(key);
      if (bucket === undefined) return;
      bucket.emptyAtMs -= intervalMs;
      bucket.failures--;
    },
    noteRefused(key, nowMs) {
      const bucket = touch(key);
      bucket.refused++;
      if (Math.abs(nowMs - bucket.reportedAtMs) < REPORT_INTERVAL_MS) return undefined;
      const { failures, refused } = bucket;
      Object.assign(bucket, { failures: 0, refused: 0, reportedAtMs: nowMs });
      return { failures, refused };
    },
  };
};
