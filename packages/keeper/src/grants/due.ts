import { createHash } from 'node:crypto';
import type { Lifetimes } from '../providers/provider.ts';
import { days, seconds } from '../time.ts';
import type { Millis } from '../time.ts';
import type { Due } from './grant.ts';

/** Where a provider names no lifetime of refresh tokens, they are kept as if it were this. */
const ASSUMED_REFRESH_MS = days(30);

/**
 * A number from 0 to 1 that belongs to a grant and a generation: the same after every restart, and different at every
 * refresh, so that a million grants imported in one minute do not come due in one minute forever.
 */
export const jitterOf = (id: string, generation: number): number =>
  createHash('sha256').update(`${id} ${generation}`).digest().readUInt32BE(0) / 2 ** 32;

/** What decides when a grant is refreshed next. */
export type Kept = {
  readonly id: string;
  readonly generation: number;
  readonly issuedAtMs: Millis;
  readonly refreshExpiresAtMs: Millis | undefined;
  readonly endsAtMs: Millis | undefined;
  readonly askedAtMs: Millis | undefined;
  readonly lifetimes: Lifetimes;
  readonly keepWarm: 'asked' | 'always' | 'never';
  /** Whether it has a refresh token to keep alive. */
  readonly isRotating: boolean;
  readonly nowMs: Millis;
};

/** Whether somebody used the access token lately: during its last two lifetimes. */
export const isInUse = (
  { askedAtMs, lifetimes, keepWarm }: Pick<Kept, 'askedAtMs' | 'lifetimes' | 'keepWarm'>,
  nowMs: Millis,
): boolean => {
  if (keepWarm !== 'asked') return keepWarm === 'always';
  return askedAtMs !== undefined && askedAtMs > nowMs - 2 * seconds(lifetimes.accessSeconds);
};

/**
 * When a grant whose pair is good is refreshed next; `undefined` for never. One that is not in use: at 50 to 75 % of the
 * refresh token's life, because every refresh is a risk. One that is: at 65 to 85 % of the access token's, and not later
 * than that.
 */
export const dueAfterRefresh = (kept: Kept): Due | undefined => {
  const { id, generation, issuedAtMs, lifetimes, nowMs, endsAtMs } = kept;
  const jitter = jitterOf(id, generation);
  const lifeMs =
    kept.refreshExpiresAtMs === undefined ? ASSUMED_REFRESH_MS : kept.refreshExpiresAtMs - issuedAtMs;
  const atMs = Math.round(issuedAtMs + lifeMs * (0.5 + 0.25 * jitter));
  if (isInUse(kept, nowMs)) {
    const warmMs = Math.round(issuedAtMs + seconds(lifetimes.accessSeconds) * (0.65 + 0.2 * jitter));
    return { atMs: kept.isRotating ? Math.min(warmMs, atMs) : warmMs, rank: 1 };
  }
  if (!kept.isRotating) return undefined;
  return endsAtMs !== undefined && atMs >= endsAtMs ? undefined : { atMs, rank: 2 };
};
