import type { RevocationVerbs, Revoking } from '../revocations.ts';
import { toRevocation } from '../rows.ts';
import type { Put } from '../store.ts';
import type { Connections } from './connections.ts';
import { insertEvent } from './events.ts';
import { NOW } from './schema.ts';
import type { Query } from './send.ts';

const WAITS = 'revoke_at_ms IS NOT NULL';
const TAKE = `UPDATE keeper_grants SET revoke_at_ms = ${NOW} + :holdMs::bigint WHERE id IN (
    SELECT id FROM keeper_grants WHERE client = :client AND ${WAITS} AND revoke_at_ms <= ${NOW}
    ORDER BY revoke_at_ms LIMIT :limit FOR UPDATE SKIP LOCKED)
  RETURNING *`;
const NOTE = `UPDATE keeper_grants SET revoke_tries = :tries, revoke_at_ms = CASE
    WHEN :next::bigint IS NULL AND EXISTS (SELECT 1 FROM keeper_answers WHERE grant_id = :id) THEN ${NOW}
    ELSE :next::bigint END
  WHERE id = :id AND state = 'closed' AND ${WAITS} RETURNING revoke_at_ms`;
const DROP = 'DELETE FROM keeper_answers WHERE id = ANY(:ids::text[])';
const MARK_AGAIN = `UPDATE keeper_grants SET revoke_at_ms = ${NOW}, revoke_tries = 0 WHERE id = :id AND state = 'closed'
    AND revoke_name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM keeper_connections WHERE name = revoke_name)
  RETURNING 1`;
const KEEP = `INSERT INTO keeper_answers (id, grant_id, generation, epoch, sealed, sent_at_ms, received_at_ms)
  VALUES (:id, :grantId, :generation, :epoch, :sealed, :sentAtMs, :receivedAtMs) ON CONFLICT (id) DO NOTHING`;
const LIST = `SELECT * FROM keeper_grants WHERE ${WAITS} AND revoke_name = coalesce(:name, revoke_name)
  ORDER BY revoke_name LIMIT :limit`;
const COUNT = `SELECT client, count(*) AS grants FROM keeper_grants WHERE ${WAITS} GROUP BY client`;
const CANCEL = `UPDATE keeper_grants SET revoke_at_ms = NULL
  WHERE ${WAITS} AND (revoke_name = ANY(:names::text[]) OR lookup = ANY(:lookups::bytea[]))`;
const MARK = `UPDATE keeper_grants SET revoke_at_ms = ${NOW} + :holdMs::bigint, revoke_tries = 0, revoke_name = :name
  WHERE id = :id AND state = 'closed' AND client = ANY(:clients::text[])`;

/** What is due at the provider after a disconnect. */
export const createRevocationVerbs = ({ read, write, transact }: Connections): RevocationVerbs => ({
  takeRevocations: async (take) => (await write(TAKE, take)).map(toRevocation),
  noteRevocation: (id, { tries, nextAtMs, drop, event }) =>
    transact(async (query) => {
      // The grant first, as everywhere.
      await query('SELECT 1 FROM keeper_grants WHERE id = :id FOR UPDATE', { id });
      await query(DROP, { ids: [...drop] });
      const [noted] = await query(NOTE, { id, tries, next: nextAtMs });
      if (event !== undefined && noted?.['revoke_at_ms'] === null)
        await insertEvent(query, { grantId: id, event });
    }),
  keepToRevoke: (id, answers) =>
    transact(async (query) => {
      if ((await query(MARK_AGAIN, { id })).length === 0) return;
      for (const answer of answers) await query(KEEP, { ...answer, grantId: id });
    }),
  revocations: async ({ name, limit }) => (await read(LIST, { name, limit })).map(toRevocation),
  async countRevocations() {
    const rows = await read(COUNT);
    return Object.fromEntries(rows.map((row) => [String(row['client']), Number(row['grants'])]));
  },
});

/** Pairs from outside cancel what waits for their connections, and for their tokens: inside the transaction that keeps them. */
export const cancelRevocations = async (query: Query, puts: readonly Put[]): Promise<void> =>
  void (await query(CANCEL, {
    names: puts.map(({ name }) => name),
    lookups: puts.flatMap(({ lookups }) => lookups),
  }));

/** Marks a grant that was just closed, inside the transaction that closes it. */
export const markRevocation = async (
  query: Query,
  { id, name, clients, holdMs }: Revoking & { readonly id: string; readonly name: string },
): Promise<void> => void (await query(MARK, { id, name, clients: [...clients], holdMs }));
