import type { Call, VisiblePolicy } from './call.ts';
import { findFirstUses } from './grant-model.ts';

const SLACK_MS = 20;

/**
 * How often a refresh token worked although the policy did not allow it: a simple count, in addition to `checkHistory`.
 * A second use with the `Idempotency-Key` of the first use, or after a 503, does not count.
 */
export const countUsesBeyondPolicy = (calls: readonly Call[], policy: VisiblePolicy): number => {
  if (policy.rotation === 'none') return 0;
  const answered = calls.filter(({ outcome }) => outcome.kind === 'answered');
  const byToken = Map.groupBy(answered, ({ token }) => token);
  const hadOutage = new Set(
    calls.filter(({ outcome }) => outcome.kind === 'unavailable').map((c) => c.token),
  );
  const firstUses = findFirstUses(calls);
  const overlapMs = policy.overlapSeconds * 1000;

  const isSuccessorUsedBefore = ({ token, startMs }: Call): boolean =>
    (byToken.get(token) ?? []).some(({ outcome }) => {
      if (outcome.kind !== 'answered') return false;
      return (byToken.get(outcome.refreshToken) ?? []).some(({ endMs }) => endMs < startMs);
    });

  return answered.filter((call) => {
    const [first] = byToken.get(call.token) ?? [];
    if (first === undefined || hadOutage.has(call.token)) return false;
    if (policy.rotation === 'overlap')
      return call.startMs - (firstUses.get(call.token)?.latestMs ?? Infinity) >= overlapMs + SLACK_MS;
    if (policy.rotation === 'until-used') return isSuccessorUsedBefore(call);
    const isSameUse = call.idempotencyKey !== undefined && call.idempotencyKey === first.idempotencyKey;
    return call !== first && !isSameUse;
  }).length;
};
