import type { Policy } from '@keyfob/server/clients';
import type { Expectation, Standing } from './standing.ts';

/** A refresh token presented by an authenticated client, when the store decides about it. */
export type PresentedToken = {
  readonly index: number;
  readonly clockMs: number;
  readonly key: string | undefined;
  readonly isClientEnabled: boolean;
  readonly isForeign: boolean;
  /** Whether this node answered the last use of this token with a 503, which allows a retry. */
  readonly isRetryOfOurs: boolean | 'maybe';
};

/** How many rotations a row remembers (`docs/decisions/0006-verdict.md`). */
const REMEMBERED = 32;
const REMEMBERED_SECONDS = 900;
/** A row can store the time of a rotation only up to this far after the next rotation (`stores/copy/packed-history.ts`). */
const AHEAD_MAX_MS = 0x7f_0000;

/**
 * The allowed outcomes for a presented refresh token: RFC 6749 §6 (bound to the client), RFC 9700 §4.14.2 (a used
 * refresh token is a sign of theft), and docs/decisions/0006-verdict.md. Knows the first use of every token. If the
 * documents allow the server to forget a use, more than one outcome is correct. A clock that is behind the newest
 * rotation cannot measure an age: then a used token may be refused, but never revokes.
 */
export const expectRefresh = (grant: Standing, presented: PresentedToken, policy: Policy): Expectation => {
  const { index, clockMs } = presented;
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
  if (grantLifetimeSeconds !== null && clockMs - grant.createdAtMs >= grantLifetimeSeconds * 1000)
    return dead('the grant has reached the end of its lifetime');
  if (index > grant.current) {
    const lost = index - grant.current;
    if (lost > resyncGenerations)
      return dead(`the store lost ${lost} generations, more than the policy allows`);
    return advance(grant, presented, `the store lost ${lost} generations and resynchronises`);
  }
  if (clockMs - grant.issuedAtMs >= refreshTokenLifetimeSeconds * 1000)
    return dead('the current refresh token has expired');
  if (index < grant.current) return expectOfPredecessor(grant, presented, policy);
  if (policy.rotation === 'none')
    return { outcomes: ['current'], revokes: false, because: 'tokens are not rotated', after: grant };
  return advance(grant, presented, 'it is the current refresh token');
};

const advance = (grant: Standing, { index, clockMs, key }: PresentedToken, because: string): Expectation => {
  const firstUses = new Map(grant.firstUses);
  for (let lost = grant.current; lost < index; lost++) firstUses.set(lost, 'lost');
  firstUses.set(index, { atMs: clockMs, key });
  return {
    outcomes: ['successor'],
    revokes: false,
    because,
    after: { ...grant, current: index + 1, issuedAtMs: clockMs, firstUses },
  };
};

/** A used refresh token gets the current one if the policy allows it. Otherwise it is refused, and a replay revokes. */
const expectOfPredecessor = (grant: Standing, presented: PresentedToken, policy: Policy): Expectation => {
  const { index, key, clockMs } = presented;
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
    if (policy.rotation === 'until-used') return again('its successor is unused');
  }
  const denied = expectDenial(grant, presented, policy);
  const isClockBehind = clockMs < grant.issuedAtMs;
  if (denied === 'overlap')
    return {
      ...again('it is inside its overlap'),
      outcomes: isClockBehind ? ['current', 'dead'] : ['current'],
    };
  if (behind === 1 && presented.isRetryOfOurs === 'maybe')
    return { ...denied, outcomes: ['current', 'dead'], revokes: denied.revokes === false ? false : 'maybe' };
  return denied;
};

const expectDenial = (
  grant: Standing,
  { index, clockMs }: PresentedToken,
  policy: Policy,
): Expectation | 'overlap' => {
  const behind = grant.current - index;
  const first = grant.firstUses.get(index);
  const dead = (because: string, revokes: Expectation['revokes']): Expectation => ({
    outcomes: ['dead'],
    revokes: policy.onReplay === 'revoke' && clockMs >= grant.issuedAtMs ? revokes : false,
    because,
    after: grant,
  });
  const overlapMs = policy.rotation === 'overlap' ? policy.overlapSeconds * 1000 : 0;
  const raceMs = policy.raceSeconds * 1000;
  if (first === undefined || first === 'lost') {
    const atLatest = nextKnownUse(grant, index);
    // The resynchronisation that lost the time of this use is itself a use, so a later use is always known.
    const age = Math.max(0, clockMs - atLatest);
    return age < Math.max(raceMs, overlapMs)
      ? dead('its first use is lost and may lie inside the overlap', false)
      : dead('its first use is lost and lies before every overlap', behind <= REMEMBERED ? true : 'maybe');
  }
  if (clockMs < first.atMs && mayBeForgotten(grant, index, first.atMs)) {
    const because = 'the clock went forward and back across its first use, which may be forgotten';
    return { ...dead(because, 'maybe'), outcomes: ['current', 'dead'] };
  }
  if (clockMs - Math.max(overlapMs, raceMs) < first.atMs && isCutShort(grant, index, first.atMs)) {
    const because = 'the clock went back too far after its first use for a row to store the difference';
    return { ...dead(because, 'maybe'), outcomes: ['current', 'dead'] };
  }
  // A clock that went backwards counts as stopped.
  const age = Math.max(0, clockMs - first.atMs);
  if (age < overlapMs)
    return behind <= REMEMBERED
      ? 'overlap'
      : dead('it is inside its overlap, but too many rotations ago to be remembered', false);
  if (age < raceMs) return dead('it raced with its own first use', false);
  const because = `it is a replay, ${behind} behind, ${age} ms after its first use`;
  return dead(because, behind <= REMEMBERED && isInOrder(grant) ? true : 'maybe');
};

/**
 * Whether the remembered times are in the order of the rotations. If a clock ran ahead, they are not, and then the age of
 * an older use is unknown (decision 6).
 */
const isInOrder = ({ firstUses, current }: Standing): boolean => {
  let newest = -Infinity;
  for (let index = Math.max(0, current - REMEMBERED); index < current; index++) {
    const use = firstUses.get(index);
    if (use === undefined || use === 'lost') continue;
    if (use.atMs < newest) return false;
    newest = use.atMs;
  }
  return true;
};

/** Whether a later rotation came so long after this use, by the servers' clocks, that the row may have forgotten it. */
const mayBeForgotten = ({ firstUses }: Standing, index: number, atMs: number): boolean =>
  [...firstUses].some(
    ([later, use]) => later > index && use !== 'lost' && use.atMs - atMs >= REMEMBERED_SECONDS * 1000,
  );

/** Whether a row may store an earlier time for a first use than the real one. */
const isCutShort = ({ firstUses }: Standing, index: number, atMs: number): boolean =>
  [...firstUses].some(([later, use]) => later > index && use !== 'lost' && atMs - use.atMs > AHEAD_MAX_MS);

const nextKnownUse = ({ firstUses, current }: Standing, index: number): number => {
  for (let later = index; later < current; later++) {
    const use = firstUses.get(later);
    if (use !== undefined && use !== 'lost') return use.atMs;
  }
  return -Infinity;
};
