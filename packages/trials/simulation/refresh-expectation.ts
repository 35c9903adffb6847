import type { ClockDoubt } from '@keyfob/server/grants';
import type { Policy } from '@keyfob/server/clients';
import type { Expectation, FirstUse, Standing } from './standing.ts';

/** A refresh token presented by an authenticated client, when the store decides about it. */
export type PresentedToken = {
  readonly index: number;
  readonly clockMs: number;
  readonly doubt: ClockDoubt | undefined;
  readonly key: string | undefined;
  readonly isClientEnabled: boolean;
  readonly isForeign: boolean;
  /** Whether this node answered the last use of this token with a 503, which allows a retry. */
  readonly isRetryOfOurs: boolean | 'maybe';
};

/** How many rotations a row remembers (`docs/decisions/0006-verdict.md`). */
const REMEMBERED = 32;
/** A clock that is behind by no more than this counts as standing still. */
const STILL_MAX_MS = 900_000;

/**
 * The allowed outcomes for a presented refresh token: RFC 6749 §6 (bound to the client), RFC 9700 §4.14.2 (a used
 * refresh token is a sign of theft), and docs/decisions/0006-verdict.md. Knows the first use of every token. If the
 * documents allow the server to forget a use, more than one outcome is correct. Issuance never goes back: under a clock that
 * is behind the newest rotation, the next one counts at the same moment, and no used token revokes.
 */
export const expectRefresh = (grant: Standing, presented: PresentedToken, policy: Policy): Expectation => {
  const { index } = presented;
  const dead = (because: string, revokes: Expectation['revokes'] = false): Expectation => ({
    outcomes: ['dead'],
    revokes,
    because,
    after: grant,
  });
  if (!presented.isClientEnabled) return { ...dead('the client is disabled'), outcomes: ['unauthenticated'] };
  if (!grant.exists) return dead('the grant does not exist');
  if (presented.isForeign) return dead('the token was issued to another client or brand');
  if (grant.isRevoked) return dead('the grant is revoked');
  const { grantLifetimeSeconds, refreshTokenLifetimeSeconds, resyncGenerations } = policy;
  if (grantLifetimeSeconds !== null && ageOf(grant.createdAtMs, presented) >= grantLifetimeSeconds * 1000)
    return dead('the grant has reached the end of its lifetime');
  if (index > grant.current) {
    const lost = index - grant.current;
    if (lost > resyncGenerations)
      return dead(`the store lost ${lost} generations, more than the policy allows`);
    return advance(grant, presented, `the store lost ${lost} generations and resynchronises`);
  }
  if (ageOf(grant.issuedAtMs, presented) >= refreshTokenLifetimeSeconds * 1000)
    return dead('the current refresh token has expired');
  if (index < grant.current) return expectOfPredecessor(grant, presented, policy);
  if (policy.rotation === 'none')
    return { outcomes: ['current'], revokes: false, because: 'tokens are not rotated', after: grant };
  return advance(grant, presented, 'it is the current refresh token');
};

/** How long ago a moment is. What a jump of the clock puts in doubt counts as the least that it may be. */
const ageOf = (atMs: number, { clockMs: nowMs, doubt }: PresentedToken): number => {
  const isInDoubt = doubt !== undefined && atMs < doubt.beforeMs;
  return isInDoubt ? Math.max(nowMs - doubt.beforeMs, nowMs - atMs - doubt.byMs) : nowMs - atMs;
};

const advance = (grant: Standing, { index, clockMs, key }: PresentedToken, because: string): Expectation => {
  const firstUses = new Map(grant.firstUses);
  const issuedAtMs = Math.max(clockMs, grant.issuedAtMs);
  for (let lost = grant.current; lost < index; lost++) firstUses.set(lost, 'lost');
  firstUses.set(index, { atMs: issuedAtMs, key });
  return {
    outcomes: ['successor'],
    revokes: false,
    because,
    after: { ...grant, current: index + 1, issuedAtMs, firstUses },
  };
};

/** A used refresh token gets the current one if the policy allows it. Otherwise it is refused, and a replay revokes. */
const expectOfPredecessor = (grant: Standing, presented: PresentedToken, policy: Policy): Expectation => {
  const { index, key } = presented;
  const behind = grant.current - index;
  const first = grant.firstUses.get(index);
  const again = (because: string): Expectation => ({
    outcomes: ['current'],
    revokes: false,
    because,
    after: grant,
  });
  if (behind === 1) {
    if (presented.isRetryOfOurs === true)
      return again('its last use got our 503, and its successor is unused');
    if (first !== undefined && first !== 'lost' && first.key !== undefined && first.key === key)
      return again('it came with the Idempotency-Key of its first use, and its successor is unused');
    if (mayRepeatUntilUsed(first, presented, policy)) return again('its successor is unused');
  }
  const denied = expectDenial(grant, presented, policy);
  if (denied === 'overlap') return again('it is inside its overlap');
  if (behind === 1 && presented.isRetryOfOurs === 'maybe')
    return { ...denied, outcomes: ['current', 'dead'], revokes: denied.revokes === false ? false : 'maybe' };
  return denied;
};

/** Whether the successor of a token is unused, and its own use no longer ago than the policy allows. */
const mayRepeatUntilUsed = (
  first: FirstUse | undefined,
  presented: PresentedToken,
  { rotation, untilUsedSeconds = Infinity }: Policy,
): boolean =>
  rotation === 'until-used' &&
  (first === undefined ||
    first === 'lost' ||
    Math.max(0, ageOf(first.atMs, presented)) < untilUsedSeconds * 1000);

const expectDenial = (
  grant: Standing,
  presented: PresentedToken,
  policy: Policy,
): Expectation | 'overlap' => {
  const { index, clockMs } = presented;
  const behind = grant.current - index;
  const first = grant.firstUses.get(index);
  const dead = (because: string, revokes: Expectation['revokes']): Expectation => ({
    outcomes: ['dead'],
    revokes: policy.onReplay === 'revoke' && clockMs >= grant.issuedAtMs ? revokes : false,
    because,
    after: grant,
  });
  const overlapMs = policy.rotation === 'overlap' ? policy.overlapSeconds * 1000 : 0;
  const isLastUsed = policy.rotation === 'until-used' && behind === 1;
  const untilUsedMs = isLastUsed ? (policy.untilUsedSeconds ?? 0) * 1000 : 0;
  // Counted from the end of the time in which it may be repeated.
  const raceEndMs = overlapMs + untilUsedMs + policy.raceSeconds * 1000;
  if (first === undefined || first === 'lost') {
    const atLatest = nextKnownUse(grant, index);
    // The resynchronisation that lost the time of this use is itself a use, so a later use is always known.
    const age = Math.max(0, clockMs - atLatest);
    return age < raceEndMs
      ? dead('its first use is lost and may lie inside the overlap or race', false)
      : dead(
          'its first use is lost and lies before every overlap and race',
          behind <= REMEMBERED ? true : 'maybe',
        );
  }
  if (first.atMs - clockMs > STILL_MAX_MS && behind > 1)
    return dead('a clock that was far ahead recorded its first use, and its successor was used', false);
  // A clock that went backwards counts as stopped.
  const age = Math.max(0, ageOf(first.atMs, presented));
  if (age < overlapMs)
    return behind <= REMEMBERED
      ? 'overlap'
      : dead('it is inside its overlap, but too many rotations ago to be remembered', false);
  if (age < raceEndMs) return dead('it raced with its own first use, or came soon after the overlap', false);
  const because = `it is a replay, ${behind} behind, ${age} ms after its first use`;
  return dead(because, behind <= REMEMBERED ? true : 'maybe');
};

const nextKnownUse = ({ firstUses, current }: Standing, index: number): number => {
  for (let later = index; later < current; later++) {
    const use = firstUses.get(later);
    if (use !== undefined && use !== 'lost') return use.atMs;
  }
  return -Infinity;
};
