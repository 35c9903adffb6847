import { StoreError } from '../../errors.ts';
import { isLost, isTimeout } from './errors.ts';

type Use = { readonly presented: { readonly isRetryOfOurs: boolean } };

/**
 * Uses a token or a code, and where the connection was cut before the answer, once more as the retry of our own that it
 * is: if the first took place, the second answers the same. So a cut is settled here, by the one who knows of it, and no
 * client has to try again, which might lead it to another node that would take it for a replay. Where
 * the database cannot be asked again, or was too slow in the first place, it is told that the outcome is not known, and
 * the other nodes are told of it as soon as they can be (`node.ts`).
 */
export const settle = async <This extends Use, Result>(
  use: This,
  run: (use: This) => Promise<Result>,
): Promise<Result> => {
  try {
    return await run(use);
  } catch (error) {
    if (!isCutOff(error)) throw error;
    const retry = { ...use, presented: { ...use.presented, isRetryOfOurs: true } };
    return run(retry).catch(() => {
      throw error;
    });
  }
};

const isCutOff = (error: unknown): error is StoreError =>
  error instanceof StoreError &&
  error.kind === 'outcome_unknown' &&
  isLost(error.cause) &&
  !isTimeout(error.cause);
