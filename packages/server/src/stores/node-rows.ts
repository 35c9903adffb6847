import type { RunningNode } from '../operators/running-node.ts';

/** A node from a row of the table `running_nodes`, in every store. */
export const toRunningNode = (row: Readonly<Record<string, unknown>>): RunningNode => ({
  id: String(row['id']),
  version: String(row['version']),
  host: String(row['host']),
  processId: Number(row['process_id']),
  url: String(row['url']),
  startedAtMs: Number(row['started_at_ms']),
  seenAtMs: Number(row['seen_at_ms']),
  skewMs: Number(row['skew_ms']),
});
