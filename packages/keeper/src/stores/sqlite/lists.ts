import type { ConsentCause, GrantState } from '../../grants/grant.ts';
import { toAttempt, toClientSend, toCounts, toDeaths, toEvent, toSteps } from '../rows.ts';
import type { ListVerbs } from '../store.ts';
import type { Connection } from './connection.ts';
import { createCounter } from './count-in-pages.ts';
import { createConnectionLists, IS_TROUBLE, TROUBLE } from './list-connections.ts';

// The driver binds a number with a point; the cast makes the division one of integers.
const STEP = (column: string): string =>
  `CASE WHEN ${column} < :fromMs THEN -1 ELSE CAST((${column} - :fromMs) / :stepMs AS INTEGER) END`;
/** For people. No question reads more than some thousands of rows in one turn of the event loop. */
export const createListVerbs = (connection: Connection): ListVerbs => {
  const { database, commits } = connection;
  const tallies = database.prepare('SELECT * FROM tallies WHERE grants > 0');
  const connections = database.prepare('SELECT connections FROM deployment');
  const names = database.prepare('SELECT name FROM connections WHERE grant_id = ? ORDER BY name');
  const attempts = database.prepare(
    'SELECT * FROM attempts WHERE grant_id = ? AND sent_at_ms < ? ORDER BY sent_at_ms DESC LIMIT ?',
  );
  const countDue = createCounter(connection, {
    group: STEP('due_at_ms'),
    from: 'grants',
    where: 'client = :client AND due_rank = :rank AND due_at_ms < :untilMs',
    at: 'due_at_ms',
    tie: 'rowid',
    firstTie: -1,
  });
  const countEnds = createCounter(connection, {
    group: STEP('refresh_expires_at_ms'),
    from: 'grants',
    where: "client = :client AND refresh_expires_at_ms < :untilMs AND state NOT IN ('dead', 'closed')",
    at: 'refresh_expires_at_ms',
    tie: 'id',
    firstTie: '',
  });
  const countDeaths = createCounter(connection, {
    group: "coalesce(cause, '')",
    from: TROUBLE,
    where: `state = 'dead' AND ${IS_TROUBLE} AND since_ms >= :sinceMs`,
    at: 'since_ms',
    tie: 'rowid',
    firstTie: -1,
  });
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
  return {
    ...createConnectionLists(connection),
    counts: () => commits.read(() => counts(Number(connections.get()?.['connections']))),
    connectionsOf: (grantId) => commits.read(() => namesOf(grantId)),
    attempts: (grantId, limit, beforeMs = Number.MAX_SAFE_INTEGER) =>
      commits.read(() => attempts.all(grantId, beforeMs, limit).map(toAttempt)),
    dueSteps: async (of, span) => toSteps(await countDue({ ...of, ...span })),
    endSteps: async (client, span) => toSteps(await countEnds({ client, ...span })),
    deathsSince: async (sinceMs) => toDeaths(await countDeaths({ sinceMs })),
    lastSends: (atMs, limit) => commits.read(() => sends.all(atMs, limit).map(toClientSend)),
    lastEvents: (limit, before) =>
      commits.read(() =>
        events
          .all(before === undefined ? Number.MAX_SAFE_INTEGER : Number(before), limit)
          .map((row) => toEvent(row, row['grant_id'] === null ? [] : namesOf(String(row['grant_id'])))),
      ),
  };
};
