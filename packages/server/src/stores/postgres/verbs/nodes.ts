import { NODE_KEPT_MS, NODES_MAX } from '../../../operators/running-node.ts';
import type { NodeStore } from '../../../operators/running-node.ts';
import type { Connections } from '../connection/pool.ts';
import { toRunningNode } from '../../node-rows.ts';

const NOTE = `INSERT INTO running_nodes (id, version, host, process_id, url, started_at_ms, seen_at_ms, skew_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (id) DO UPDATE SET url = excluded.url, seen_at_ms = excluded.seen_at_ms, skew_ms = excluded.skew_ms`;
/** By two nodes at the same moment: the second finds nothing to drop. */
const DROP = `DELETE FROM running_nodes WHERE seen_at_ms < $1
  OR id IN (SELECT id FROM running_nodes ORDER BY seen_at_ms DESC, id OFFSET ${NODES_MAX})`;

/** The processes that serve this database. */
export const createRunningNodeVerbs = ({ read, write }: Connections): NodeStore => ({
  async noteNode({ id, version, host, processId, url, startedAtMs, seenAtMs, skewMs }) {
    await write(NOTE, [id, version, host, processId, url, startedAtMs, seenAtMs, skewMs]);
    await write(DROP, [seenAtMs - NODE_KEPT_MS]);
  },
  removeNode: async (id) => void (await write('DELETE FROM running_nodes WHERE id = $1', [id])),
  listNodes: async () =>
    (await read('SELECT * FROM running_nodes ORDER BY started_at_ms, id')).map(toRunningNode),
});
