import type { Millis } from '../time.ts';

/** Every waiting time of the keeper. Tests shorten them together; operators rarely need to. */
export type Timing = {
  /** The right to send lasts so long, and is renewed at a third of it. A process that stops loses it. */
  readonly leaseMs: Millis;
  /** How often what is due, and what a dead process left, is looked for. */
  readonly scanMs: Millis;
  /** Inside an overlap, a token without an answer is sent again so long after its first send. */
  readonly sendAgainAtMs: readonly Millis[];
  /** The last send inside an overlap leaves so much of it. */
  readonly overlapMarginMs: Millis;
  /** An answer to an earlier send waits so long for the answer to a later one. */
  readonly holdBackMs: Millis;
  /** Failures in a row double the waiting time, from the first to the last. */
  readonly backoffMs: Millis;
  readonly backoffMaxMs: Millis;
  /** How long a suspect waits for what other grants of its client show. */
  readonly suspectMs: Millis;
  /** A suspect that nothing else explains is decided after so long. */
  readonly suspectMaxMs: Millis;
  /** A stopped client is tried again after so long, doubled up to fifteen times. */
  readonly canaryMs: Millis;
  /** Connections to a provider must fail for so long before that counts as an outage. */
  readonly outageAfterMs: Millis;
  /** In an outage, the provider is tried again after so long, doubled up to the last. Longer than a connection may take. */
  readonly outageMs: Millis;
  readonly outageMaxMs: Millis;
  /** A caller waits so long for a new access token, unless it says otherwise. */
  readonly callerWaitMs: Millis;
  /** After the store was away, what other processes left is not touched for so long: their answers come first. */
  readonly storeSettleMs: Millis;
  /** An access token within so long of its end is refreshed before it is handed out. */
  readonly minValidMs: Millis;
};

/** The waiting times of production. A lease and two sends fit into an overlap of a minute. */
export const DEFAULT_TIMING: Timing = {
  leaseMs: 20_000,
  scanMs: 2000,
  sendAgainAtMs: [10_000, 20_000, 35_000],
  overlapMarginMs: 6000,
  holdBackMs: 3000,
  backoffMs: 1000,
  backoffMaxMs: 900_000,
  suspectMs: 60_000,
  suspectMaxMs: 600_000,
  canaryMs: 60_000,
  outageAfterMs: 10_000,
  outageMs: 20_000,
  outageMaxMs: 300_000,
  callerWaitMs: 10_000,
  storeSettleMs: 5000,
  minValidMs: 30_000,
};

/** The waiting time after so many failures in a row. `chance` is from 0 to 1, and spreads it over its upper half. */
export const backoff = (timing: Timing, failures: number, chance: number): Millis => {
  if (failures <= 0) return 0;
  const whole = Math.min(timing.backoffMaxMs, timing.backoffMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(whole * (0.5 + chance / 2));
};
