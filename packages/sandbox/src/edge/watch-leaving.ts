import type { ServerResponse } from 'node:http';

/** Whether the one who asks is still there. */
export type Leaving = {
  /** Ends when the connection is over. */
  readonly gone: AbortSignal;
  /** Ends the watch. */
  stop(): void;
};

/**
 * Watches the connection of an answer until `stop` is called, and closes it when the world that answers ends: what was held back
 * there can come no more, and a client that waits for it must not wait for hours.
 */
export const watchLeaving = (response: ServerResponse, closing: AbortSignal): Leaving => {
  // Of the request, because an answer has no connection until those before it on the same connection have left.
  const { socket } = response.req;
  const left = new AbortController();
  const leave = (): void => left.abort();
  const end = (): void => {
    leave();
    socket.destroy();
  };
  if (socket.destroyed) leave();
  if (closing.aborted) end();
  socket.once('close', leave);
  closing.addEventListener('abort', end, { once: true });
  return {
    gone: left.signal,
    stop() {
      socket.off('close', leave);
      closing.removeEventListener('abort', end);
    },
  };
};
