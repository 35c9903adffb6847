import { StoreError } from '../../../errors.ts';
import { isLost, isTimeout } from '../connection/errors.ts';
import type { Maker } from './issued-by.ts';

/** Whether it may be this very use that made a generation, or redeemed a code, by whoever its row names as the maker. */
export type MayHaveMade = (maker: Maker | undefined) => boolean;

const hasMadeNothing: MayHaveMade = () => false;

/**
 * Uses a token or a code, and where the connection was cut before the answer, once more: if the first took place, as its
 * row tells, the second is the retry of our own, and answers the same. If the row was made before, a cut excuses nothing,
 * or a thief would only have to meet one. So a cut is settled here, by the one who knows of it, and no
 * client has to try again, which might lead it to another node that would take it for a replay. Where
 * the database cannot be asked again, or was too slow in the first place, it is told that the outcome is not known, and
 * the other nodes are told of it as soon as they can be (`node.ts`).
 */
export const settle = async <Result>(
  mayHaveMade: MayHaveMade,
  run: (mayHaveMade: MayHaveMade) => Promise<Result>,
): Promise<Result> => {
  try {
    return await run(hasMadeNothing);
  } catch (error) {
    if (!isCutOff(error)) throw error;
    return run(mayHaveMade).catch(() => {
      throw error;
    });
  }
};

/** What was presented, as the retry of our own where the use itself may have made what it meets. */
export const asMet = <Presented extends { readonly isRetryOfOurs: boolean }>(
  presented: Presented,
  isOurs: boolean,
): Presented => (isOurs ? { ...presented, isRetryOfOurs: true } : presented);

const isCutOff = (error: unknown): error is StoreError =>
  error instanceof StoreError &&
  error.kind === 'outcome_unknown' &&
  isLost(error.cause) &&
  !isTimeout(error.cause);
