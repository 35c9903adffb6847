import type { GrantLog } from '../support/refresh-load/grant-driver.ts';

/** Watches for 503 answers from now on, in calls that began from now on or before. */
export const outagesSeen = (logs: readonly GrantLog[]): { isSeenInBothDialects(): boolean } => {
  const from = new Map(logs.map((log) => [log, log.calls.length]));
  const isSeen = (log: GrantLog): boolean =>
    log.calls.slice(from.get(log) ?? 0).some(({ outcome }) => outcome.kind === 'unavailable');
  return {
    isSeenInBothDialects: () => new Set(logs.filter(isSeen).map(({ client }) => client.dialect)).size === 2,
  };
};
