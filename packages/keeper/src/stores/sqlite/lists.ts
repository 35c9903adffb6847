import type { ConsentCause, GrantState } from '../../grants/grant.ts';
import { toAttempt, toClientSend, toCounts, toDeaths, toEvent, toGrant, toStep } from '../rows.ts';
import type { ListVerbs } from '../store.ts';
import type { Connection } from './connection.ts';

/** Up to so many grants in trouble are sorted by name; among more of them, a page by name is full soon. */
const FEW = 20_000;

const SELECT = 'SELECT connections.name, grants.* FROM connections';
const JOIN = 'CROSS JOIN grants ON grants.id = connections.grant_id';
const PAGE = `connections.name > :after AND (:state IS NULL OR grants.state = :state)
  AND (:client IS NULL OR connections.client = :client) ORDER BY connections.name LIMIT :limit`;
// The driver binds a number with a point; the cast makes the division one of integers.
const STEP = (column: string): string =>
  `CASE WHEN ${column} < :fromMs THEN -1
    ELSE CAST((${column} - :fromMs) / :stepMs AS INTEGER) END AS step, count(*) AS grants`;

/** For people. */
export const createListVerbs = ({ database, commits }: Connection): ListVerbs => {
  const byName = database.prepare(`${SELECT} ${JOIN} WHERE ${PAGE}`);
  const ofClient = database.prepare(
    `${SELECT} INDEXED BY connections_by_client ${JOIN} WHERE connections.client = :client AND ${PAGE}`,
  );
  const inTrouble = database.prepare(
    `SELECT connections.name, grants.* FROM grants INDEXED BY grants_by_trouble
      CROSS JOIN connections ON grants.id = connections.grant_id
      WHERE grants.state = :state AND grants.state NOT IN ('active', 'inflight') AND ${PAGE}`,
  );
  const tallies = database.prepare('SELECT * FROM tallies WHERE grants > 0');
  const connections = database.prepare('SELECT count(*) AS connections FROM connections');
  const names = database.prepare('SELECT name FROM connections WHERE grant_id = ? ORDER BY name');
  const attempts = database.prepare(
    'SELECT * FROM attempts WHERE grant_id = ? AND sent_at_ms < ? ORDER BY sent_at_ms DESC LIMIT ?',
  );
  const due = database.prepare(
    `SELECT ${STEP('due_at_ms')} FROM grants
      WHERE client = :client AND due_rank = :rank AND due_at_ms < :untilMs GROUP BY step ORDER BY step`,
  );
  const ends = database.prepare(
    `SELECT ${STEP('refresh_expires_at_ms')} FROM grants WHERE client = :client AND refresh_expires_at_ms < :untilMs
      AND state NOT IN ('dead', 'closed') GROUP BY step ORDER BY step`,
  );
  const deaths = database.prepare(
    `SELECT cause, count(*) AS grants FROM grants INDEXED BY grants_by_trouble
      WHERE state = 'dead' AND state NOT IN ('active', 'inflight') AND since_ms >= ? GROUP BY cause`,
  );
  const sends = database.prepare(
    `SELECT client, sent_at_ms, outcome, took_ms FROM attempts JOIN grants ON grants.id = grant_id
      WHERE sent_at_ms >= ? ORDER BY sent_at_ms DESC LIMIT ?`,
  );
  const events = database.prepare('SELECT * FROM events WHERE number < ? ORDER BY number DESC LIMIT ?');
  const namesOf = (grantId: string): readonly string[] => names.all(grantId).map(({ name }) => String(name));
  const counts = (connected: number) =>
    toCounts(
      tallies.all().map((row) => ({
        client: String(row['client']),
        state: String(row['state']) as GrantState,
        cause: row['cause'] === '' ? undefined : (String(row['cause']) as ConsentCause),
        grants: Number(row['grants']),
      })),
      connected,
    );
  const planFor = (state: GrantState | undefined, client: string | undefined): typeof byName => {
    const isTrouble = state !== undefined && state !== 'active' && state !== 'inflight';
    if (isTrouble && (counts(0).states[state] ?? 0) <= FEW) return inTrouble;
    return client === undefined ? byName : ofClient;
  };
  return {
    list: ({ state, client, after = '', limit }) =>
      commits.read(() =>
        planFor(state, client)
          .all({ state: state ?? null, client: client ?? null, after, limit })
          .map((row) => ({ name: String(row['name']), grant: toGrant(row) })),
      ),
    counts: () => commits.read(() => counts(Number(connections.get()?.['connections']))),
    connectionsOf: (grantId) => commits.read(() => namesOf(grantId)),
    attempts: (grantId, limit, beforeMs = Number.MAX_SAFE_INTEGER) =>
      commits.read(() => attempts.all(grantId, beforeMs, limit).map(toAttempt)),
    dueSteps: (of, span) => commits.read(() => due.all({ ...of, ...span }).map(toStep)),
    endSteps: (client, span) => commits.read(() => ends.all({ client, ...span }).map(toStep)),
    deathsSince: (atMs) => commits.read(() => toDeaths(deaths.all(atMs))),
    lastSends: (atMs, limit) => commits.read(() => sends.all(atMs, limit).map(toClientSend)),
    lastEvents: (limit, before) =>
      commits.read(() =>
        events
          .all(before === undefined ? Number.MAX_SAFE_INTEGER : Number(before), limit)
          .map((row) => toEvent(row, row['grant_id'] === null ? [] : namesOf(String(row['grant_id'])))),
      ),
  };
};
