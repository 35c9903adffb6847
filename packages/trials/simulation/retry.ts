import type { Presentation } from './records.ts';

/** Whether both are uses of the same refresh token, or of the same code. */
const isSameUse = (one: Presentation, other: Presentation): boolean =>
  one.kind === 'code' ? other.kind === 'code' : other.kind === 'refresh' && other.index === one.index;

/**
 * Whether the last use of this token, in this process of this node, got a 503 because the outcome of the commit was
 * unknown. A refusal in between does not count: it may come from another client. `maybe` if uses of the same token
 * overlapped, so that the last one is unknown.
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
