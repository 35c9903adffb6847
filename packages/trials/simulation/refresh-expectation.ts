import type { Policy } from '@keyfob/server/clients';
import type { Expectation, Standing } from './standing.ts';

/** A refresh token presented by an authenticated client, at the moment the store decides about it. */
export type Shown = {
  readonly index: number;
  readonly clockMs: number;
  readonly key: string | undefined;
  readonly isClientEnabled: boolean;
  readonly isForeign: boolean;
  /** Whether the last use of this token ended in a 503 of this very node, which promised that it may be sent again. */
  readonly isRetryOfOurs: boolean | 'maybe';
};

/** As many rotations as a row remembers (`docs/decisions/0006-verdict.md`). */
const REMEMBERED = 32;
const REMEMBERED_SECONDS = 900;
/** A row stores a moment as at most this far ahead of the rotation after it (`stores/copy/packed-history.ts`). */
const AHEAD_MAX_MS = 0x7f_0000;

/**
 * What a presented refresh token must get: RFC 6749 §6 (bound to the client), RFC 9700 §4.14.2 (a used refresh token
 * is a sign of theft), and docs/decisions/0006-verdict.md where it says more. Knows every first use of every token,
 * without a limit; where the documents allow the server to have forgotten one, more than one outcome is right. While a
 * clock is behind the newest rotation it measures no age: then a used token may get nothing, and never revokes.
 */
export const expectRefresh = (grant: Standing, shown: Shown, policy: Policy): Expectation => {
  const { index, clockMs } = shown;
  const nothing = (because: string, revokes: Expectation['revokes'] = false): Expectation => ({
    outcomes: ['dead'],
    revokes,
    because,
    after: grant,
  });
  if (!shown.isClientEnabled) return { ...nothing('the client is disabled'), outcomes: ['unauthenticated'] };
  if (!grant.isThere) return nothing('the grant is gone');
  if (shown.isForeign) return nothing('the token was issued to another client or brand');
  if (grant.isRevoked) return nothing('the grant is revoked');
  const { grantLifetimeSeconds, refreshTokenLifetimeSeconds, resyncGenerations } = policy;
  if (grantLifetimeSeconds !== null && clockMs - grant.createdAtMs >= grantLifetimeSeconds * 1000)
    return nothing('the grant has reached its absolute end');
  if (index > grant.current) {
    const lost = index - grant.current;
    if (lost > resyncGenerations) return nothing(`the store lost ${lost} generations, more than it may`);
    return advance(grant, shown, `the store lost ${lost} generations and follows`);
  }
  if (clockMs - grant.issuedAtMs >= refreshTokenLifetimeSeconds * 1000)
    return nothing('the current refresh token has expired');
  if (index < grant.current) return expectOfPredecessor(grant, shown, policy);
  if (policy.rotation === 'none')
    return { outcomes: ['current'], revokes: false, because: 'tokens are not rotated', after: grant };
  return advance(grant, shown, 'it is the current refresh token');
};

const advance = (grant: Standing, { index, clockMs, key }: Shown, because: string): Expectation => {
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

/** A used refresh token gets the current one where the policy says so, else nothing, and revokes if it is a replay. */
const expectOfPredecessor = (grant: Standing, shown: Shown, policy: Policy): Expectation => {
  const { index, key, clockMs } = shown;
  const behind = grant.current - index;
  const first = grant.firstUses.get(index);
  const again = (because: string): Expectation => ({
    outcomes: ['current'],
    revokes: false,
    because,
    after: grant,
  });
  if (behind === 1) {
    if (shown.isRetryOfOurs === true)
      return again('its last use ended in our 503, and its successor is unused');
    if (first !== undefined && first !== 'lost' && first.key !== undefined && first.key === key)
      return again('it came with the Idempotency-Key of its first use, and its successor is unused');
    if (policy.rotation === 'until-used') return again('its successor is unused');
  }
  const denied = expectDenial(grant, shown, policy);
  const isClockBehind = clockMs < grant.issuedAtMs;
  if (denied === 'overlap')
    return {
      ...again('it is inside its overlap'),
      outcomes: isClockBehind ? ['current', 'dead'] : ['current'],
    };
  if (behind === 1 && shown.isRetryOfOurs === 'maybe')
    return { ...denied, outcomes: ['current', 'dead'], revokes: denied.revokes === false ? false : 'maybe' };
  return denied;
};

const expectDenial = (
  grant: Standing,
  { index, clockMs }: Shown,
  policy: Policy,
): Expectation | 'overlap' => {
  const behind = grant.current - index;
  const first = grant.firstUses.get(index);
  const nothing = (because: string, revokes: Expectation['revokes']): Expectation => ({
    outcomes: ['dead'],
    revokes: policy.onReplay === 'revoke' && clockMs >= grant.issuedAtMs ? revokes : false,
    because,
    after: grant,
  });
  const overlapMs = policy.rotation === 'overlap' ? policy.overlapSeconds * 1000 : 0;
  const raceMs = policy.raceSeconds * 1000;
  if (first === undefined || first === 'lost') {
    const atLatest = nextKnownUse(grant, index);
    // The resynchronisation that lost its moment was a use itself, so a later one is always known.
    const age = Math.max(0, clockMs - atLatest);
    return age < Math.max(raceMs, overlapMs)
      ? nothing('its first use is lost and may lie inside the overlap', false)
      : nothing('its first use is lost, and past every overlap', behind <= REMEMBERED ? true : 'maybe');
  }
  if (clockMs < first.atMs && mayBeForgotten(grant, index, first.atMs)) {
    const because = 'the clock went forth and back over its first use, which may be forgotten';
    return { ...nothing(because, 'maybe'), outcomes: ['current', 'dead'] };
  }
  if (clockMs - Math.max(overlapMs, raceMs) < first.atMs && isCutShort(grant, index, first.atMs)) {
    const because = 'the clock went back so far after its first use that a row does not store how far';
    return { ...nothing(because, 'maybe'), outcomes: ['current', 'dead'] };
  }
  // A clock that ran backwards counts as standing still.
  const age = Math.max(0, clockMs - first.atMs);
  if (age < overlapMs)
    return behind <= REMEMBERED
      ? 'overlap'
      : nothing('it is inside its overlap, but too many rotations ago to be remembered', false);
  if (age < raceMs) return nothing('it raced with its own first use', false);
  const because = `it is a replay, ${behind} behind, ${age} ms after its first use`;
  return nothing(because, behind <= REMEMBERED && isInOrder(grant) ? true : 'maybe');
};

/**
 * Whether the moments that a row may remember are in the order of the rotations. Where a clock ran ahead they are not,
 * and then the age of an older use is unknown (decision 6).
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

/** Whether a later rotation came so long after it, by the clocks of that time, that the row may have forgotten it. */
const mayBeForgotten = ({ firstUses }: Standing, index: number, atMs: number): boolean =>
  [...firstUses].some(
    ([later, use]) => later > index && use !== 'lost' && use.atMs - atMs >= REMEMBERED_SECONDS * 1000,
  );

/** Whether a row may store the moment of a first use as earlier than it was. */
const isCutShort = ({ firstUses }: Standing, index: number, atMs: number): boolean =>
  [...firstUses].some(([later, use]) => later > index && use !== 'lost' && atMs - use.atMs > AHEAD_MAX_MS);

const nextKnownUse = ({ firstUses, current }: Standing, index: number): number => {
  for (let later = index; later < current; later++) {
    const use = firstUses.get(later);
    if (use !== undefined && use !== 'lost') return use.atMs;
  }
  return -Infinity;
};
