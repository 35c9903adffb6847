import type { Millis } from '../clock.ts';

/** How many requests are being answered, whichever way they arrive: from our own listener or from a host's. */
export type Load = {
  /** Requests being answered at this moment. */
  open(): number;
  /** Counts a request. `false` if it is one too many, or if the server has stopped: then it gets 503. */
  begin(): boolean;
  end(): void;
  /** Refuses every request from now on; resolves when the last open one has ended, or after `graceMs`. */
  stop(graceMs: Millis): Promise<void>;
};

/** Every `begin` needs one `end`, also if it answers `false`. */
export const createLoad = (concurrentRequestsMax: number): Load => {
  let open = 0;
  let isStopped = false;
  let onIdle: (() => void) | undefined;
  return {
    open: () => open,
    begin: () => ++open <= concurrentRequestsMax && !isStopped,
    end() {
      open--;
      if (open === 0) onIdle?.();
    },
    stop(graceMs) {
      isStopped = true;
      if (open === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const deadline = setTimeout(resolve, graceMs);
        onIdle = () => {
          clearTimeout(deadline);
          resolve();
        };
      });
    },
  };
};
