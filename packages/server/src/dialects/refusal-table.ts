import { classOf, REFUSAL_REASONS } from '../errors.ts';
import type { RefusalClass, RefusalReason } from '../errors.ts';

/** What a dialect answers for every reason. */
export type RefusalTable<Answer> = Readonly<Record<RefusalReason, Answer>>;

/** A table from one answer per class, and one per reason where a reason has its own. */
export const createRefusalTable = <Answer>(
  byClass: Readonly<Record<RefusalClass, Answer>>,
  byReason: Readonly<Partial<Record<RefusalReason, Answer>>>,
): RefusalTable<Answer> =>
  Object.fromEntries(
    REFUSAL_REASONS.map((reason) => [reason, byReason[reason] ?? byClass[classOf(reason)]]),
  ) as RefusalTable<Answer>;
