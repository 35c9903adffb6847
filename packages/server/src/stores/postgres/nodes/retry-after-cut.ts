import { StoreError } from '../../../errors.ts';
import { isLost, isTimeout } from '../connection/errors.ts';
import type { IssuedBy } from './issued-by.ts';

/** Whether this very use may have issued what its row shows. Asked before every verdict that rests on a used token. */
export type MayHaveIssued = (issuedBy: IssuedBy | undefined) => boolean;

const hasIssuedNothing: MayHaveIssued = () => false;

/**
 * Does the work of a use, and does it once more where the connection was cut before the answer. If the first attempt took
 * place, as its row shows, the second is our own retry and answers the same. If the row was written before, the
 * cut is no reason for a repeat: otherwise a thief would only have to wait for one. So this node settles the cut itself, and no client
 * has to retry at another node that would take the retry for a replay. Where the database was too slow, or the second
 * attempt fails too, the outcome is unknown, and the node reports that (`node.ts`).
 */
export const retryAfterCut = async <Result>(
  mayHaveIssued: MayHaveIssued,
  work: (mayHaveIssued: MayHaveIssued) => Promise<Result>,
): Promise<Result> => {
  try {
    return await work(hasIssuedNothing);
  } catch (error) {
    if (!isCut(error)) throw error;
    return work(mayHaveIssued).catch(() => {
      throw error;
    });
  }
};

const isCut = (error: unknown): boolean =>
  error instanceof StoreError &&
  error.kind === 'outcome_unknown' &&
  isLost(error.cause) &&
  !isTimeout(error.cause);
