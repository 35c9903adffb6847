import type { Millis, Seconds } from '../clock.ts';
import { createFailureBuckets } from './failure-buckets.ts';
import type { FailureReport } from './failure-buckets.ts';
import { networkOf } from './network.ts';

/** How many failed authentications are allowed within a window; 0 for any number. */
export type ThrottleLimits = {
  readonly failuresPerAddressMax: number;
  readonly failuresPerClientMax: number;
  /** The seconds after which that many failures are forgotten, one after the other. */
  readonly windowSeconds: Seconds;
};

/** What failures are counted by. */
export type ThrottleBucket = 'address' | 'client';

/** A bucket of an attempt is full. */
export type Throttled = {
  readonly bucket: ThrottleBucket;
  readonly retryAfterSeconds: Seconds;
  /** Counts that the attempt is refused. For the log; `undefined` within a minute of the last report. */
  noteRefused(): FailureReport | undefined;
};

/** An attempt to authenticate. */
export type Attempt = {
  readonly address: string;
  /** `undefined` for an unknown id. */
  readonly clientId: string | undefined;
  /** Monotonic milliseconds. */
  readonly nowMs: Millis;
};

/** Counts failed client authentication and decides which failures are throttled. */
export type Throttle = {
  /** `undefined` if one more failure fits. */
  judge(attempt: Attempt): Throttled | undefined;
  noteFailure(attempt: Attempt): void;
  /** Uncounts a failure, because another reading of the same credentials proved the client. */
  takeBackFailure(attempt: Attempt): void;
};

/**
 * Failures fill a bucket of their address and one of their client; a further failure that finds either full is throttled.
 * Failures of an unknown id count against the address only, so that invented ids displace no real ones.
 */
export const createThrottle = (limits: ThrottleLimits): Throttle => {
  const { failuresPerAddressMax, failuresPerClientMax, windowSeconds } = limits;
  const buckets = {
    address: createFailureBuckets(failuresPerAddressMax, windowSeconds),
    client: createFailureBuckets(failuresPerClientMax, windowSeconds),
  };
  /** When the last bucket is empty. After that, as usual, there is nothing to look up. */
  let busyUntilMs = 0;

  return {
    judge(attempt) {
      const { nowMs } = attempt;
      if (nowMs >= busyUntilMs) return undefined;
      const waits = placesOf(attempt).map(([bucket, key]) => ({
        bucket,
        key,
        ms: buckets[bucket].waitMs(key, nowMs),
      }));
      const full = waits.find(({ ms }) => ms > 0);
      if (full === undefined) return undefined;
      const { bucket, key, ms } = full;
      return {
        bucket,
        retryAfterSeconds: Math.ceil(ms / 1000),
        noteRefused: () => buckets[bucket].noteRefused(key, nowMs),
      };
    },
    noteFailure(attempt) {
      for (const [bucket, key] of placesOf(attempt))
        busyUntilMs = Math.max(busyUntilMs, buckets[bucket].fill(key, attempt.nowMs));
    },
    takeBackFailure(attempt) {
      for (const [bucket, key] of placesOf(attempt)) buckets[bucket].takeBack(key);
    },
  };
};

/** The buckets that count an attempt, with their keys. */
const placesOf = ({ address, clientId }: Attempt): readonly (readonly [ThrottleBucket, string])[] => {
  const network = networkOf(address);
  return clientId === undefined
    ? [['address', network]]
    : [
        ['address', network],
        ['client', clientId],
      ];
};
