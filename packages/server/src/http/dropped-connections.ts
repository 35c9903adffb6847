import type { Caller, Emit, LogEvent } from '../log-event.ts';

export type DropReason = Extract<LogEvent, { readonly event: 'connection.dropped' }>['reason'];

/** For how long connections are counted before they are reported: a flood closes thousands. */
const REPORT_DELAY_MS = 10_000;

/** Reports the connections that the server closes because of what their clients do: their number and the last caller. */
export const createDropReports = (emit: Emit) => {
  const counts = new Map<DropReason, { count: number; caller: Caller }>();
  const report = (reason: DropReason): void => {
    const counted = counts.get(reason);
    counts.delete(reason);
    if (counted !== undefined) emit({ event: 'connection.dropped', reason, ...counted });
  };
  return (reason: DropReason, caller: Caller): void => {
    const counted = counts.get(reason);
    if (counted === undefined) setTimeout(report, REPORT_DELAY_MS, reason).unref();
    counts.set(reason, { count: (counted?.count ?? 0) + 1, caller });
  };
};
