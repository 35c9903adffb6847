/** How long after a failure the next connection is tried. */
const PAUSE_MS = 50;

/** What a pool says that has nothing to give because all is taken: no failure to connect. */
const POOL_IS_EMPTY = 'timeout exceeded when trying to connect';

/**
 * Connects at once as long as that works. While it fails, one attempt is made for all who wait, and a pause before it: a
 * database that is stopping or starting answers every attempt by a process, and a flood of them keeps it from either.
 * `giveBack` is called with the connection that was only an attempt.
 */
export const createReconnecting = <Connection>(giveBack: (connection: Connection) => void) => {
  let isFailing = false;
  let attempt: Promise<void> | undefined;

  const tryOnce = async (connect: () => Promise<Connection>): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    giveBack(await connect());
    isFailing = false;
  };

  return async (connect: () => Promise<Connection>): Promise<Connection> => {
    if (isFailing) {
      attempt ??= tryOnce(connect).finally(() => (attempt = undefined));
      await attempt;
    }
    try {
      return await connect();
    } catch (error) {
      isFailing ||= !(error instanceof Error && error.message === POOL_IS_EMPTY);
      throw error;
    }
  };
};
