/** Calls `work` if fewer than the maximum are in progress. Otherwise throws what `refuse` returns. */
export type ConcurrencyLimit = <Answer>(work: () => Promise<Answer>, refuse: () => Error) => Promise<Answer>;

/**
 * The maximum of calls to one other server at a time. Each call keeps a request of an owner open, and open requests are
 * limited for the whole server (`concurrentRequestsMax`). Without a lower limit here, another server that hangs would
 * use them all up and stop the token endpoints too.
 */
export const CONCURRENT_CALLS_MAX = 200;

export const createConcurrencyLimit = (max: number = CONCURRENT_CALLS_MAX): ConcurrencyLimit => {
  let inProgress = 0;
  return async (work, refuse) => {
    if (inProgress >= max) throw refuse();
    inProgress++;
    try {
      return await work();
    } finally {
      inProgress--;
    }
  };
};
