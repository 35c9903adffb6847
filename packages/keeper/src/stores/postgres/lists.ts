import type { ConsentCause, GrantState } from '../../grants/grant.ts';
import { toAttempt, toClientSend, toCounts, toDeaths, toEvent, toGrant, toSteps } from '../rows.ts';
import type { Row, Value } from '../rows.ts';
import type { ListVerbs } from '../store.ts';
import type { Connections } from './connections.ts';

const LIST = `SELECT c.name, g.* FROM keeper_connections AS c JOIN keeper_grants AS g ON g.id = c.grant_id
  WHERE c.name > :after AND (:state::text IS NULL OR g.state = :state::text)
    AND (:client::text IS NULL OR c.client = :client::text)
  ORDER BY c.name LIMIT :limit`;
const COUNT = `SELECT client, state, CASE WHEN state = 'dead' THEN cause END AS cause, count(*) AS grants
  FROM keeper_grants GROUP BY 1, 2, 3`;
const ATTEMPTS = `SELECT * FROM keeper_attempts WHERE grant_id = :id AND sent_at_ms < :before::bigint
  ORDER BY sent_at_ms DESC LIMIT :limit`;

const STEP = (column: string): string =>
  `CASE WHEN ${column} < :fromMs::bigint THEN -1 ELSE (${column} - :fromMs::bigint) / :stepMs::bigint END AS key,
    count(*) AS grants`;
const DUE = `SELECT ${STEP('due_at_ms')} FROM keeper_grants
  WHERE client = :client AND due_rank = :rank AND due_at_ms < :untilMs GROUP BY 1 ORDER BY 1`;
const ENDS = `SELECT ${STEP('refresh_expires_at_ms')} FROM keeper_grants
  WHERE client = :client AND refresh_expires_at_ms < :untilMs AND state NOT IN ('dead', 'closed')
  GROUP BY 1 ORDER BY 1`;

const DEATHS = `SELECT cause AS key, count(*) AS grants FROM keeper_grants
  WHERE state = 'dead' AND since_ms >= :atMs::bigint GROUP BY cause`;
const SENDS = `SELECT g.client, a.sent_at_ms, a.outcome, a.took_ms FROM keeper_attempts AS a
  JOIN keeper_grants AS g ON g.id = a.grant_id WHERE a.sent_at_ms >= :atMs::bigint
  ORDER BY a.sent_at_ms DESC LIMIT :limit`;
const EVENTS = `SELECT e.*, ARRAY(
    SELECT name FROM keeper_connections AS c WHERE c.grant_id = e.grant_id ORDER BY name) AS names
  FROM keeper_events AS e WHERE number < :before::bigint ORDER BY number DESC LIMIT :limit`;

const byAge = (order: 'ASC' | 'DESC'): string =>
  `SELECT c.name, g.* FROM keeper_grants AS g JOIN keeper_connections AS c ON g.id = c.grant_id
    WHERE g.state = :state AND g.state NOT IN ('active', 'inflight') ORDER BY g.since_ms ${order} LIMIT :limit`;
const BY_AGE = { oldest: byAge('ASC'), newest: byAge('DESC') } as const;

/** For people. */
export const createListVerbs = ({ read }: Connections): ListVerbs => ({
  async list({ state, client, after = '', limit }) {
    const rows = await read(LIST, { state, client, after, limit });
    return rows.map((row) => ({ name: String(row['name']), grant: toGrant(row) }));
  },
  async counts() {
    const rows = await read(COUNT);
    const [counted] = await read('SELECT count(*) AS connections FROM keeper_connections');
    const tallies = rows.map(({ client, state, cause, grants }) => ({
      client: String(client),
      state: String(state) as GrantState,
      cause: cause === null ? undefined : (String(cause) as ConsentCause),
      grants: Number(grants),
    }));
    return toCounts(tallies, Number(counted?.['connections'] ?? 0));
  },
  async connectionsOf(id) {
    const rows = await read('SELECT name FROM keeper_connections WHERE grant_id = :id ORDER BY name', { id });
    return rows.map(({ name }) => String(name));
  },
  async attempts(id, limit, before = Number.MAX_SAFE_INTEGER) {
    return (await read(ATTEMPTS, { id, limit, before })).map(toAttempt);
  },
  async listByAge(state, order, limit) {
    const rows = await read(BY_AGE[order], { state, limit });
    return rows.map((row) => ({ name: String(row['name']), grant: toGrant(row) }));
  },
  dueSteps: async (of, span) => toSteps(toNumbers(await read(DUE, { ...of, ...span }))),
  endSteps: async (client, span) => toSteps(toNumbers(await read(ENDS, { client, ...span }))),
  deathsSince: async (atMs) => toDeaths(toNumbers(await read(DEATHS, { atMs }))),
  lastSends: async (atMs, limit) => (await read(SENDS, { atMs, limit })).map(toClientSend),
  async lastEvents(limit, before = String(Number.MAX_SAFE_INTEGER)) {
    const rows = await read(EVENTS, { limit, before });
    return rows.map((row) => toEvent(row, row['names'] as unknown as readonly string[]));
  },
});

const toNumbers = (rows: readonly Row[]): readonly (readonly [Value, number])[] =>
  rows.map(({ key = null, grants }) => [key, Number(grants)]);
