import { createFailureBuckets } from './failure-buckets.ts';
import type { FailureReport } from './failure-buckets.ts';
import { createKnownPairs } from './known-pairs.ts';
import { networkOf } from './network.ts';

/** How many failed authentications are allowed within a window; 0 for any number. */
export type ThrottleLimits = {
  readonly failuresPerAddressMax: number;
  readonly failuresPerClientMax: number;
  /** The seconds after which that many failures are forgotten, one after the other. */
  readonly windowSeconds: number;
};

/** What failures are counted by: the address, the client, or both together. */
export type ThrottleBucket = 'address' | 'client' | 'pair';

/** A request is throttled. */
export type Throttled = {
  readonly bucket: ThrottleBucket;
  readonly retryAfterSeconds: number;
  /** For the log; `undefined` within a minute of the last report. */
  readonly report: FailureReport | undefined;
};

/** An attempt to authenticate. */
export type Attempt = {
  readonly address: string;
  /** `undefined` for an unknown id. */
  readonly clientId: string | undefined;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
};

/** Counts failed client authentication and decides which attempts are throttled. */
export type Throttle = {
  /** Called before a secret is checked; `undefined` lets the attempt go on. */
  judge(attempt: Attempt): Throttled | undefined;
  noteFailure(attempt: Attempt): void;
  /** Uncounts a failure, because another reading of the same credentials proved the client. */
  takeBackFailure(attempt: Attempt): void;
  /** A secret has proven the client. */
  noteSuccess(attempt: Attempt): void;
};

/**
 * Failures fill a bucket of their address and one of their client; an attempt that finds either full is throttled. A client
 * that authenticated at an address within the last day has a bucket of its own there, as large as the larger of the two,
 * and the failures of others do not affect it. Failures of an unknown id count against the address only, so that invented
 * ids displace no real ones.
 */
export const createThrottle = (limits: ThrottleLimits): Throttle => {
  const { failuresPerAddressMax, failuresPerClientMax, windowSeconds } = limits;
  const buckets = {
    address: createFailureBuckets(failuresPerAddressMax, windowSeconds),
    client: createFailureBuckets(failuresPerClientMax, windowSeconds),
    pair: createFailureBuckets(Math.max(failuresPerAddressMax, failuresPerClientMax), windowSeconds),
  };
  const known = createKnownPairs();
  /** When the last bucket is empty. After that, as usual, there is nothing to look up. */
  let busyUntilMs = 0;

  /** The buckets that count an attempt, with their keys. */
  const placesOf = ({
    address,
    clientId,
    nowMs,
  }: Attempt): readonly (readonly [ThrottleBucket, string])[] => {
    const network = networkOf(address);
    if (clientId === undefined) return [['address', network]];
    return known.has(clientId, network, nowMs)
      ? [['pair', `${clientId} ${network}`]]
      : [
          ['address', network],
          ['client', clientId],
        ];
  };

  return {
    judge(attempt) {
      const { nowMs } = attempt;
      if (nowMs >= busyUntilMs) return undefined;
      const waits = placesOf(attempt).map(([bucket, key]) => ({
        bucket,
        key,
        ms: buckets[bucket].waitMs(key, nowMs),
      }));
      // The address comes first: a full bucket of the client alone lets its right secret through.
      const full = waits.find(({ ms }) => ms > 0);
      if (full === undefined) return undefined;
      const { bucket, key, ms } = full;
      return {
        bucket,
        retryAfterSeconds: Math.ceil(ms / 1000),
        report: buckets[bucket].noteRefused(key, nowMs),
      };
    },
    noteFailure(attempt) {
      for (const [bucket, key] of placesOf(attempt))
        busyUntilMs = Math.max(busyUntilMs, buckets[bucket].fill(key, attempt.nowMs));
    },
    takeBackFailure(attempt) {
      for (const [bucket, key] of placesOf(attempt)) buckets[bucket].takeBack(key);
    },
    noteSuccess({ address, clientId, nowMs }) {
      if (clientId !== undefined) known.note(clientId, networkOf(address), nowMs);
    },
  };
};
