import type { Millis } from '../../../clock.ts';
import { assumesAnswer } from '../../../grants/answered.ts';
import type { VerdictKind } from '../../../grants/answered.ts';
import type { Query } from '../connection/transaction.ts';
import { NOT_ANSWERED } from './issued-by.ts';
import type { IssuedBy } from './issued-by.ts';
import { wasDelivered } from './node-rows.ts';
import type { Delivered } from './node-rows.ts';
import type { TrackedUse } from './unanswered-uses.ts';

/** A repeated use: of the predecessor of the current token, or of a redeemed code. */
export type LockedUse = {
  readonly tracked: TrackedUse;
  /** Of the row, which is locked. */
  readonly issuedBy: IssuedBy | undefined;
  /** Whether the use is known to be a retry, apart from what this node remembers. */
  readonly isRetryOfOurs: boolean;
};

export type LockedDecision<Decision> = {
  readonly decision: Decision;
  /**
   * From now on this node gives the answer, once: its stamp is written to `issued_by`, and later uses are decided as
   * usual.
   */
  readonly takesOver: boolean;
};

/** What the node knows. */
type Knowledge = {
  readonly query: Query;
  readonly leaseMs: Millis;
  readonly isOwn: (issuedBy: IssuedBy) => boolean;
  /** Whether this node remembers that a use, whose row has this stamp, was not answered. */
  readonly isUnanswered: (tracked: TrackedUse, issuedBy: IssuedBy | undefined) => boolean;
};

/** Whether a verdict stands, whatever another node reports, and leaves nothing to write about who answers. */
export const isFinal = (
  verdict: VerdictKind,
  issuedBy: IssuedBy | undefined,
  isOwn: Knowledge['isOwn'],
): boolean => {
  if (issuedBy === undefined) return true;
  return assumesAnswer(verdict) ? isOwn(issuedBy) : issuedBy !== NOT_ANSWERED;
};

/** Decides by whether the use before was answered: `not_known_yet` while the node that issued it has not reported. */
export const decideLocked = async <Decision extends { readonly result: { readonly verdict: VerdictKind } }>(
  knowledge: Knowledge,
  { tracked, issuedBy, isRetryOfOurs }: LockedUse,
  decide: (isRetryOfOurs: boolean) => Decision,
): Promise<LockedDecision<Decision> | 'not_known_yet'> => {
  const isUnanswered = knowledge.isUnanswered(tracked, issuedBy);
  const first = decide(isRetryOfOurs || isUnanswered);
  const delivered = assumesAnswer(first.result.verdict) ? await findDelivered(knowledge, issuedBy) : 'yes';
  if (delivered === 'not_known_yet') return delivered;
  const decision = delivered === 'no' ? decide(true) : first;
  const lacksAnswer = isUnanswered || delivered === 'no' || issuedBy === NOT_ANSWERED;
  return { decision, takesOver: lacksAnswer && decision.result.verdict.kind === 'repeat' };
};

const findDelivered = async (
  { query, leaseMs, isOwn }: Knowledge,
  issuedBy: IssuedBy | undefined,
): Promise<Delivered> => {
  if (issuedBy === NOT_ANSWERED) return 'no';
  // This node remembers what it did not answer, and has taken that into account.
  if (issuedBy === undefined || isOwn(issuedBy)) return 'yes';
  return wasDelivered(query, issuedBy, leaseMs);
};
