import type { GrantLog } from '../support/refresh-load/grant-driver.ts';

/** Looks for 503 answers that arrive from now on, including answers to calls that have already started. */
export const outagesSeen = (logs: readonly GrantLog[]): { isSeenInBothDialects(): boolean } => {
  const callsBefore = new Map(logs.map((log) => [log, log.calls.length]));
  const hasOutage = (log: GrantLog): boolean =>
    log.calls.slice(callsBefore.get(log) ?? 0).some(({ outcome }) => outcome.kind === 'unavailable');
  return {
    isSeenInBothDialects: () =>
      new Set(logs.filter(hasOutage).map(({ client }) => client.dialect)).size === 2,
  };
};
