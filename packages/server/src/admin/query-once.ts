import type { Millis } from '../clock.ts';

/**
 * A query to the store whose answer is awaited for at most `timeoutMs`. Callers share a query that is still running, so that
 * the store answers one at a time, however many ask.
 */
export const queryOnce = <Answer>(
  query: () => Promise<Answer>,
  timeoutMs: Millis,
): (() => Promise<Answer | 'timed_out'>) => {
  let running: Promise<Answer> | undefined;
  return async () => {
    running ??= query().finally(() => (running = undefined));
    const deadline = Promise.withResolvers<'timed_out'>();
    const timer = setTimeout(() => deadline.resolve('timed_out'), timeoutMs);
    try {
      return await Promise.race([running, deadline.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
};
