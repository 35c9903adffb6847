/** How long after a failure the next attempt is made. */
const PAUSE_MS = 50;

/** Whether all connections of the pool are in use. That is not a failure to connect. */
export const isOfFullPool = (error: unknown): boolean =>
  error instanceof Error && error.message === 'timeout exceeded when trying to connect';

/**
 * Connects at once as long as that works. While it fails, all callers share one attempt, after a pause: a database that
 * is stopping or starting begins a process for every attempt, and a flood of them slows down both. `release` gets the
 * connection of the shared attempt.
 */
export const createReconnecting = <Connection>(release: (connection: Connection) => void) => {
  let isFailing = false;
  let attempt: Promise<void> | undefined;

  const tryOnce = async (connect: () => Promise<Connection>): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    release(await connect());
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
      isFailing ||= !isOfFullPool(error);
      throw error;
    }
  };
};
