import { toGrant } from '../rows.ts';
import type { Row } from '../rows.ts';
import type { Put, PutResult } from '../store.ts';
import type { LinkBinder } from '../links.ts';
import type { Connections } from './connections.ts';
import { countPairs } from './count-pair.ts';
import { columnsOf } from './put.ts';
import { cancelRevocations } from './revocations.ts';
import { NOW } from './schema.ts';
import type { Query } from './send.ts';

const KNOWN = `SELECT name FROM keeper_connections WHERE name = ANY(:names::text[])`;
const HELD = `SELECT lookup FROM keeper_grants WHERE lookup = ANY(:lookups::bytea[]) AND state <> 'closed'
  UNION SELECT fingerprint FROM keeper_attempts WHERE fingerprint = ANY(:lookups::bytea[])`;
const INSERT = `INSERT INTO keeper_grants (id, client, params, generation, epoch, state, since_ms, sealed, lookup,
    issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, ends_at_ms, fence, sends, failures, due_at_ms, due_rank,
    is_at_risk)
  SELECT id, client, params, 1, 1, 'active', ${NOW}, sealed, lookup, issued_at, access_expires_at, refresh_expires_at,
    ends_at, 0, 0, 0, due_at, due_rank, 0
  FROM unnest(:id::text[], :client::text[], :params::text[], :sealed::bytea[], :lookup::bytea[], :issuedAt::bigint[],
    :accessExpiresAt::bigint[], :refreshExpiresAt::bigint[], :endsAt::bigint[], :dueAt::bigint[], :dueRank::smallint[])
    AS t (id, client, params, sealed, lookup, issued_at, access_expires_at, refresh_expires_at, ends_at, due_at, due_rank)
  ORDER BY lookup RETURNING *`;
const LINK = `INSERT INTO keeper_connections (name, grant_id, client, binding)
  SELECT * FROM unnest(:names::text[], :ids::text[], :clients::text[], :bindings::bytea[])
    AS t (name, id, client, binding) ORDER BY name`;

/**
 * Many pairs from outside. Those whose name and token nobody knows go into one transaction, with a few statements for all of
 * them. The others are put one by one afterwards, in their order.
 */
export const createPutMany =
  (
    { transact }: Connections,
    links: LinkBinder,
    putOne: (put: Put) => Promise<PutResult>,
  ): ((puts: readonly Put[]) => Promise<readonly PutResult[]>) =>
  async (puts) => {
    const made = await transact((query) => insertFresh(query, links, puts));
    const results: PutResult[] = [];
    for (const put of puts) {
      const grant = made.get(put);
      results.push(grant === undefined ? await putOne(put) : { status: 'new', grant });
    }
    return results;
  };

const insertFresh = async (
  query: Query,
  links: LinkBinder,
  puts: readonly Put[],
): Promise<ReadonlyMap<Put, PutResult['grant']>> => {
  const fresh = await findFresh(query, puts);
  if (fresh.length === 0) return new Map();
  const rows = fresh.map((put): Row & { readonly id: string } => ({
    ...columnsOf(put, put.sealFor({ id: put.grantId, generation: 1, epoch: 1 })),
    id: put.grantId,
  }));
  const column = (name: string) => rows.map((row) => row[name]);
  const columns = Object.fromEntries(Object.keys(rows[0] ?? {}).map((name) => [name, column(name)]));
  const inserted = new Map((await query(INSERT, columns)).map((row) => [row['id'], row]));
  const ids = fresh.map(({ grantId }) => grantId);
  await query(LINK, {
    names: fresh.map(({ name }) => name),
    ids,
    clients: column('client'),
    bindings: fresh.map(({ name, grantId, client }) => links.bind({ name, grantId, client })),
  });
  await cancelRevocations(query, fresh);
  await countPairs(query, ids);
  return new Map(fresh.map((put) => [put, toGrant(inserted.get(put.grantId) ?? {})]));
};

const text = (lookup: Uint8Array): string => Buffer.from(lookup).toString('base64');

/** Those whose name and token are neither in the database nor in an earlier one. */
const findFresh = async (query: Query, puts: readonly Put[]): Promise<readonly Put[]> => {
  const known = await query(KNOWN, { names: puts.map(({ name }) => name) });
  const held = await query(HELD, { lookups: puts.flatMap(({ lookups }) => lookups) });
  const names = new Set(known.map(({ name }) => name));
  const tokens = new Set(held.map(({ lookup }) => text(lookup as Uint8Array)));
  return puts.filter((put) => {
    const own = put.lookups.map(text);
    const isFresh = !names.has(put.name) && own.every((one) => !tokens.has(one));
    names.add(put.name);
    for (const one of own) tokens.add(one);
    return isFresh;
  });
};
