import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GrantState } from '../../grants/grant.ts';
import { toGrant } from '../rows.ts';
import type { Row } from '../rows.ts';
import type { Listed, ListVerbs } from '../store.ts';
import type { Connection } from './connection.ts';

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
/** Grants in trouble, by state and time. */
export const TROUBLE = 'grants INDEXED BY grants_by_trouble';
/** The condition of that index, which a parameter does not imply. */
export const IS_TROUBLE = "grants.state NOT IN ('active', 'inflight')";

const toListed = (row: Row): Listed => ({ name: String(row['name']), grant: toGrant(row) });

/** Connections by name, and those in trouble by how long they are. Some hundred rows are read in one turn of the event loop. */
export const createConnectionLists = ({
  database,
  commits,
}: Connection): Pick<ListVerbs, 'list' | 'listByAge'> => {
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
  const inTally = database.prepare('SELECT sum(grants) AS grants FROM tallies WHERE state = ?');
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
  const isFew = (state: GrantState): boolean => Number(inTally.get(state)?.['grants'] ?? 0) <= FEW;
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
  };
};
