import { NODE_KEPT_MS, NODES_MAX } from '../../operators/running-node.ts';
import type { NodeStore } from '../../operators/running-node.ts';
import type { Connection } from './connection.ts';
import { toRunningNode } from '../node-rows.ts';

/** The processes that serve this file. */
export const createNodeVerbs = ({ database, commits, read }: Connection): NodeStore => {
  const note = database.prepare(
    `INSERT INTO running_nodes (id, version, host, process_id, url, started_at_ms, seen_at_ms, skew_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET url = excluded.url, seen_at_ms = excluded.seen_at_ms, skew_ms = excluded.skew_ms`,
  );
  const dropOld = database.prepare('DELETE FROM running_nodes WHERE seen_at_ms < ?');
  const dropMany = database.prepare(
    `DELETE FROM running_nodes WHERE id IN
      (SELECT id FROM running_nodes ORDER BY seen_at_ms DESC, id LIMIT -1 OFFSET ${NODES_MAX})`,
  );
  const remove = database.prepare('DELETE FROM running_nodes WHERE id = ?');
  const list = database.prepare('SELECT * FROM running_nodes ORDER BY started_at_ms, id');
  return {
    noteNode: ({ id, version, host, processId, url, startedAtMs, seenAtMs, skewMs }) =>
      commits.run(() => {
        note.run(id, version, host, processId, url, startedAtMs, seenAtMs, skewMs);
        dropOld.run(seenAtMs - NODE_KEPT_MS);
        dropMany.run();
      }),
    removeNode: (id) => commits.run(() => void remove.run(id)),
    listNodes: () => read(() => list.all().map(toRunningNode)),
  };
};
