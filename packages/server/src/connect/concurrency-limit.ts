/** Does work if few enough wait for the like of it, and throws what it is given otherwise. */
export type ConcurrencyLimit = <Answer>(work: () => Promise<Answer>, refusal: () => Error) => Promise<Answer>;

/**
 * As many as may wait for one other server at a time. Whoever waits there is a request being answered, and those are
 * counted (`concurrentRequestsMax`): without a limit of its own, one that hangs would take the tokens down with it.
 */
export const CONCURRENT_CALLS_MAX = 200;

export const createConcurrencyLimit = (max: number = CONCURRENT_CALLS_MAX): ConcurrencyLimit => {
  let waiting = 0;
  return async (work, refusal) => {
    if (waiting >= max) throw refusal();
    waiting++;
    try {
      return await work();
    } finally {
      waiting--;
    }
  };
};
