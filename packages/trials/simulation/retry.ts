import type { Presentation } from './records.ts';

/** Whether both are uses of the same refresh token, or of the same code. */
const isSameUse = (one: Presentation, other: Presentation): boolean =>
  one.kind === 'code' ? other.kind === 'code' : other.kind === 'refresh' && other.index === one.index;

/**
 * Whether the last use of this token, at this very process of this node, ended in a 503 because nobody could say how its
 * commit ended. A refusal in between decides nothing: it may have been a stranger's. `maybe` where uses of the same
 * token overlapped, so that nobody can say which one was the last.
 */
export const isRetryOfOurs = (presentation: Presentation): boolean | 'maybe' => {
  const { node, incarnation, grant } = presentation;
  const others = grant.presentations.filter(
    (other) =>
      other !== presentation &&
      other.node === node &&
      other.incarnation === incarnation &&
      isSameUse(presentation, other) &&
      other.arrivedAtMs !== undefined &&
      (other.storeFailure === 'outcome_unknown' ||
        other.answer === undefined ||
        other.answer.kind === 'granted'),
  );
  if (others.every(({ storeFailure }) => storeFailure !== 'outcome_unknown'))
    return others.some(({ answer }) => answer === undefined) ? 'maybe' : false;
  const byArrival = [...others, presentation].sort((a, b) => (a.arrivedAtMs ?? 0) - (b.arrivedAtMs ?? 0));
  const isInTurn = byArrival.every((one, at) => {
    const next = byArrival[at + 1];
    return next === undefined || (one.answeredAtMs ?? Infinity) < (next.arrivedAtMs ?? 0);
  });
  if (!isInTurn || byArrival.at(-1) !== presentation) return 'maybe';
  return byArrival.at(-2)?.storeFailure === 'outcome_unknown';
};
