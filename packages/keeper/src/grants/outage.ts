import type { Repeats } from '../providers/provider.ts';
import type { Millis } from '../time.ts';
import type { Grant } from './grant.ts';
import type { Timing } from './timing.ts';

/** A provider that no connection reaches. One refresh at a time finds out whether it is back. */
export type Outage = {
  readonly sinceMs: Millis;
  /** The next canary may be sent then. */
  readonly retryAtMs: Millis;
  /** Canaries that were sent. */
  readonly canaries: number;
  /** What happened to the connection that began it. */
  readonly code: string;
};

/** Connections that failed one after the other, with no answer in between. */
export type FailedConnections = { readonly count: number; readonly firstAtMs: Millis };

/** So many connections must have failed. */
const FAILURES_MIN = 5;

/** Not the provider's fault: this machine sends nothing, or not now. */
const OF_THIS_MACHINE: ReadonlySet<string> = new Set([
  'lease_lost',
  'timeout',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
]);

/** Whether a token that was not sent shows that the provider cannot be reached. */
export const isConnectionFailure = (code: string): boolean => !OF_THIS_MACHINE.has(code);

/** One more failed connection. Where the client had a success since the first one, the count begins again. */
export const noteFailedConnection = (
  before: FailedConnections | undefined,
  nowMs: Millis,
  successAtMs = -Infinity,
): FailedConnections =>
  before === undefined || successAtMs >= before.firstAtMs
    ? { count: 1, firstAtMs: nowMs }
    : { count: before.count + 1, firstAtMs: before.firstAtMs };

/** Whether so many failures, over so long, are an outage. A restart of a gateway is none. */
export const isOutage = ({ count, firstAtMs }: FailedConnections, nowMs: Millis, timing: Timing): boolean =>
  count >= FAILURES_MIN && nowMs - firstAtMs >= timing.outageAfterMs;

const DOUBLINGS_MAX = 30;

/** When the next canary may be sent, after so many. `chance` is from 0 to 1, and spreads the pause over its upper half. */
export const nextCanaryAt = (canaries: number, nowMs: Millis, chance: number, timing: Timing): Millis => {
  const wholeMs = Math.min(timing.outageMaxMs, timing.outageMs * 2 ** Math.min(canaries, DOUBLINGS_MAX));
  return nowMs + Math.round(wholeMs * (0.5 + chance / 2));
};

const ENDS_SOON_MS = 3_600_000;
const ENDS_SOON_SHARE = 0.1;

/** Refresh tokens that end before this may be sent during an outage. */
export const endsSoonBefore = (nowMs: Millis): Millis => nowMs + ENDS_SOON_MS;

/**
 * Whether a grant is tried although its provider cannot be reached: its token was sent and its overlap is not over, or its
 * refresh token ends within the hour (a tenth of its life where that is less). Its own waiting times hold.
 */
export const mayPassOutage = (
  { sends, refreshExpiresAtMs, issuedAtMs }: Pick<Grant, 'sends' | 'refreshExpiresAtMs' | 'issuedAtMs'>,
  repeats: Repeats,
  nowMs: Millis,
): boolean => {
  const { count, firstAtMs } = sends;
  if (repeats.kind === 'overlap' && count > 0 && firstAtMs !== undefined)
    return nowMs < firstAtMs + repeats.seconds * 1000;
  if (refreshExpiresAtMs === undefined || refreshExpiresAtMs <= nowMs) return false;
  const lifeMs = refreshExpiresAtMs - issuedAtMs;
  return refreshExpiresAtMs - nowMs <= Math.min(ENDS_SOON_MS, lifeMs * ENDS_SOON_SHARE);
};
