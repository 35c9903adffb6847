import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConsentCause, GrantState } from '../../grants/grant.ts';
import { toAttempt, toClientSend, toCounts, toDeaths, toEvent, toGrant, toSteps } from '../rows.ts';
import type { Row } from '../rows.ts';
import type { Listed, ListVerbs } from '../store.ts';
import type { Connection } from './connection.ts';
import { createCounter } from './count-in-pages.ts';

/** Up to so many grants in a state are sorted by name; among more of them, a page by name is full soon. */
const FEW = 1000;
/** Where a page is looked for by name, so many names are looked at in one turn of the event loop. */
const NAMES_AT_ONCE = 500;
/** After every name: no text in UTF-8 has such a byte. */
const LAST_NAME = new Uint8Array([0xff]);

const SELECT = 'SELECT connections.name, grants.* FROM connections';
const JOIN = 'CROSS JOIN grants ON grants.id = connections.grant_id';
const PAGE = `connections.name > :after AND (:state IS NULL OR grants.state = :state)
  AND (:client IS NULL OR connections.client = :client) ORDER BY connections.name LIMIT :limit`;
// The driver binds a number with a point; the cast makes the division one of integers.
const STEP = (column: string): string =>
  `CASE WHEN ${column} < :fromMs THEN -1 ELSE CAST((${column} - :fromMs) / :stepMs AS INTEGER) END`;
const TROUBLE = 'grants INDEXED BY grants_by_trouble';
// The condition of the index, which a parameter does not imply.
const IS_TROUBLE = "grants.state NOT IN ('active', 'inflight')";

/** For people. No question reads more than some thousands of rows in one turn of the event loop. */
export const createListVerbs = (connection: Connection): ListVerbs => {
  const { database, commits } = connection;
  const byName = database.prepare(`${SELECT} ${JOIN} WHERE ${PAGE}`);
  const ofClient = database.prepare(
    `${SELECT} INDEXED BY connections_by_client ${JOIN} WHERE connections.client = :client AND ${PAGE}`,
  );
  const inState = (which: string, isIndexed: string): typeof byName =>
    database.prepare(
      `SELECT connections.name, grants.* FROM ${which} CROSS JOIN connections ON grants.id = connections.grant_id
        WHERE grants.state = :state AND ${isIndexed} AND ${PAGE}`,
    );
  const inTrouble = inState(TROUBLE, IS_TROUBLE);
  // Whose answer is awaited has a lease.
  const inFlight = inState('grants INDEXED BY grants_by_lease', 'grants.lease_owner IS NOT NULL');
  const lastLooked = database.prepare(
    `SELECT name FROM connections WHERE name > :after AND (:client IS NULL OR client = :client)
      ORDER BY name LIMIT 1 OFFSET ${NAMES_AT_ONCE - 1}`,
  );
  const lastLookedOfClient = database.prepare(
    `SELECT name FROM connections INDEXED BY connections_by_client WHERE client = :client AND name > :after
      ORDER BY name LIMIT 1 OFFSET ${NAMES_AT_ONCE - 1}`,
  );
  const lookUp = (index: string): typeof byName =>
    database.prepare(
      `${SELECT} ${index} ${JOIN} WHERE connections.name > :after AND connections.name <= :last
        AND (:client IS NULL OR connections.client = :client) AND grants.state = :state
        ORDER BY connections.name LIMIT :limit`,
    );
  const troubled = (order: 'ASC' | 'DESC'): typeof byName =>
    database.prepare(
      `SELECT connections.name, grants.* FROM ${TROUBLE} CROSS JOIN connections ON grants.id = connections.grant_id
        WHERE grants.state = :state AND ${IS_TROUBLE} ORDER BY grants.since_ms ${order} LIMIT :limit`,
    );
  const searchAll = [lastLooked, lookUp('')] as const;
  const searchClient = [lastLookedOfClient, lookUp('INDEXED BY connections_by_client')] as const;
  const byAge = { oldest: troubled('ASC'), newest: troubled('DESC') } as const;
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
  const toListed = (row: Row): Listed => ({ name: String(row['name']), grant: toGrant(row) });
  /** Those in one state, by name, where they cannot be sorted at once. */
  const lookThrough = async (
    state: GrantState,
    client: string | undefined,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<readonly Listed[]> => {
    const [findLast, look] = client === undefined ? searchAll : searchClient;
    const found: Listed[] = [];
    for (let from = after; ;) {
      const last = await commits.read(() => {
        const name = findLast.get({ client: client ?? null, after: from })?.['name'];
        const page = { state, client: client ?? null, after: from, last: name ?? LAST_NAME };
        found.push(...look.all({ ...page, limit: limit - found.length }).map(toListed));
        return name;
      });
      if (last === undefined || found.length === limit) return found;
      from = String(last);
      await nextTurn();
    }
  };
  const isFew = (state: GrantState): boolean => (counts(0).states[state] ?? 0) <= FEW;
  return {
    async list({ state, client, after = '', limit }) {
      const isSorted = state !== undefined && state !== 'active' && (await commits.read(() => isFew(state)));
      if (state !== undefined && !isSorted) return lookThrough(state, client, { after, limit });
      const ofState = state === 'inflight' ? inFlight : inTrouble;
      const plan = isSorted ? ofState : client === undefined ? byName : ofClient;
      const page = { state: state ?? null, client: client ?? null, after, limit };
      return commits.read(() => plan.all(page).map(toListed));
    },
    listByAge: (state, order, limit) => commits.read(() => byAge[order].all({ state, limit }).map(toListed)),
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
