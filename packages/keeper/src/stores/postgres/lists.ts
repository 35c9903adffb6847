import type { ConsentCause, GrantState } from '../../grants/grant.ts';
import { toAttempt, toGrant } from '../rows.ts';
import type { ListVerbs } from '../store.ts';
import type { Connections } from './connections.ts';

const LIST = `SELECT name, g.* FROM keeper_connections JOIN keeper_grants AS g ON g.id = grant_id
  WHERE name > :after AND (:state::text IS NULL OR state = :state::text)
    AND (:client::text IS NULL OR client = :client::text)
  ORDER BY name LIMIT :limit`;
const COUNT = `SELECT state, CASE WHEN state = 'dead' THEN cause END AS cause, count(*) AS grants
  FROM keeper_grants GROUP BY 1, 2`;

/** For people. */
export const createListVerbs = ({ read }: Connections): ListVerbs => ({
  async list({ state, client, after = '', limit }) {
    const rows = await read(LIST, { state, client, after, limit });
    return rows.map((row) => ({ name: String(row['name']), grant: toGrant(row) }));
  },
  async counts() {
    const rows = await read(COUNT);
    const [counted] = await read('SELECT count(*) AS connections FROM keeper_connections');
    const states: Partial<Record<GrantState, number>> = {};
    const causes: Partial<Record<ConsentCause, number>> = {};
    for (const { state, cause, grants } of rows) {
      const one = String(state) as GrantState;
      states[one] = (states[one] ?? 0) + Number(grants);
      if (cause !== null) causes[String(cause) as ConsentCause] = Number(grants);
    }
    return { states, causes, connections: Number(counted?.['connections'] ?? 0) };
  },
  async connectionsOf(id) {
    const rows = await read('SELECT name FROM keeper_connections WHERE grant_id = :id ORDER BY name', { id });
    return rows.map(({ name }) => String(name));
  },
  async attempts(id, limit) {
    const rows = await read(
      'SELECT * FROM keeper_attempts WHERE grant_id = :id ORDER BY sent_at_ms DESC LIMIT :limit',
      { id, limit },
    );
    return rows.map(toAttempt);
  },
});
