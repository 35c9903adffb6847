import { createFailureBuckets } from './failure-buckets.ts';
import type { FailureReport } from './failure-buckets.ts';
import { createKnownPairs } from './known-pairs.ts';
import { networkOf } from './network.ts';

/** How many failures are let through within a window before guessing is slowed down; 0 for any number. */
export type ThrottleLimits = {
  readonly failuresPerAddressMax: number;
  readonly failuresPerClientMax: number;
  /** In how many seconds so many failures are forgotten again, one after the other. */
  readonly windowSeconds: number;
};

/** What failures are counted by: where they come from, whom they are about, or both together. */
export type ThrottleBucket = 'address' | 'client' | 'pair';

/** Somebody has to wait. */
export type Throttled = {
  readonly bucket: ThrottleBucket;
  readonly retryAfterSeconds: number;
  /** What is to be told of it; `undefined` within a minute of when it was told last. */
  readonly report: FailureReport | undefined;
};

/** Who tries to authenticate. */
export type Attempt = {
  readonly address: string;
  /** `undefined` where nobody is registered under the id that was sent. */
  readonly clientId: string | undefined;
  /** Integer milliseconds. */
  readonly nowMs: number;
};

/** Counts failed client authentication, and says who has to wait for it. */
export type Throttle = {
  /** Asked before a secret is looked at; `undefined` for go on. */
  judge(attempt: Attempt): Throttled | undefined;
  noteFailure(attempt: Attempt): void;
  /** It was no failure: another reading of the same credentials has proven the client. */
  takeBackFailure(attempt: Attempt): void;
  /** A secret has proven the client. */
  noteSuccess(attempt: Attempt): void;
};

/**
 * Failures fill a bucket of their address and one of their client; whoever finds either full has to wait. Not so a
 * client where it has proven itself within the last day: its failures there fill a bucket of its own, as large as the
 * larger of the two, and those of others do not concern it. An id that nobody has counts against the address alone, so
 * that invented ids crowd out no real ones.
 */
export const createThrottle = (limits: ThrottleLimits): Throttle => {
  const { failuresPerAddressMax, failuresPerClientMax, windowSeconds } = limits;
  const buckets = {
    address: createFailureBuckets(failuresPerAddressMax, windowSeconds),
    client: createFailureBuckets(failuresPerClientMax, windowSeconds),
    pair: createFailureBuckets(Math.max(failuresPerAddressMax, failuresPerClientMax), windowSeconds),
  };
  const known = createKnownPairs();
  /** Until when any bucket holds anything. From then on there is nothing to look up, as on most days. */
  let busyUntilMs = 0;

  /** The buckets that an attempt is counted by, and under what. */
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
      // The first that is full: that of the address, which nothing goes past, before that of the client.
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
