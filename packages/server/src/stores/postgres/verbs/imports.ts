import { decideCreation } from '../../../grants/decide-creation.ts';
import type { AuditContext } from '../../../grants/grant-store.ts';
import type { Grant } from '../../../grants/grant.ts';
import { compareImport } from '../../../grants/imported-grant.ts';
import type { ImportedGrant, ImportOutcome } from '../../../grants/imported-grant.ts';
import type { Store } from '../../../grants/store.ts';
import { NEXT_REVISION } from './known-clients.ts';
import type { KnownClients } from './known-clients.ts';
import { addGrantEvents } from './grant-events.ts';
import { addConsents } from './grant-rows.ts';
import { writeVehicles } from './covered-vehicles.ts';
import type { Connections } from '../connection/pool.ts';
import { canBeText, GRANT_COLUMNS, rotationValues, toGrant } from './rows.ts';
import type { Query, Transaction } from '../connection/transaction.ts';
import { LOCK_AGAINST_REMOVAL } from '../connection/engine.ts';

/** For statements that go through many rows. */
const TIMEOUT_MS = 60_000;

const SELECT = `SELECT i.digest, ${GRANT_COLUMNS} FROM imported_tokens AS i JOIN grants AS g ON g.id = i.grant_id
  WHERE i.digest = ANY($1::bytea[])`;

const INSERT = `INSERT INTO grants (id, client_id, subject, scope, brand, created_at_ms, generation, key_number, rotated_at_ms,
    earlier_rotations, caller_address, caller_user_agent, use_digest)
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::integer[], $9::bigint[], $10::bytea[], $11::text[], $12::text[], $13::bytea[])
  ON CONFLICT (id) DO NOTHING RETURNING id`;

const INSERT_TOKENS = `INSERT INTO imported_tokens (digest, grant_id, expires_at_ms)
  SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[])`;

const MARK_CLIENTS = `UPDATE clients SET has_imported_tokens = true, revision = ${NEXT_REVISION}
  WHERE id = ANY($1::text[]) AND NOT has_imported_tokens`;

const nameOf = (digest: unknown): string => Buffer.from(digest as Uint8Array).toString('latin1');

const find = async (query: Query, digests: readonly Uint8Array[]): Promise<ReadonlyMap<string, Grant>> => {
  const rows = await query(SELECT, [digests.map((digest) => Buffer.from(digest))]);
  return new Map(rows.map((row) => [nameOf(row['digest']), toGrant(row)]));
};

/** Grants whose first refresh token another server issued. */
export const createImportVerbs = (
  { read, transact }: Connections,
  clients: KnownClients,
): Pick<Store, 'importGrants' | 'findImported'> => ({
  async importGrants(batch, auditContext) {
    try {
      return await transact((transaction) => importLocked(transaction, batch, auditContext), {
        timeoutMs: TIMEOUT_MS,
      });
    } finally {
      for (const id of new Set(batch.map(({ grant }) => grant.clientId))) clients.forget(id);
    }
  },
  async findImported(digests) {
    const found = await find(read, digests);
    return digests.map((digest) => found.get(nameOf(digest)));
  },
});

/** Clients are locked until the end, so that none is removed without its new grants. */
const importLocked = async (
  transaction: Transaction,
  batch: readonly ImportedGrant[],
  auditContext: AuditContext,
): Promise<readonly ImportOutcome[]> => {
  const { query, write } = transaction;
  const ids = [...new Set(batch.map(({ grant }) => grant.clientId))].filter(canBeText).sort();
  const [locked, existing] = await Promise.all([
    query(`SELECT id FROM clients WHERE id = ANY($1::text[]) ORDER BY id ${LOCK_AGAINST_REMOVAL}`, [ids]),
    find(
      query,
      batch.map(({ digest }) => digest),
    ),
  ]);
  const clientIds = new Set(locked.map((row) => String(row['id'])));
  const wanted = new Map<string, ImportedGrant>();
  for (const one of batch) {
    const name = nameOf(one.digest);
    if (clientIds.has(one.grant.clientId) && !existing.has(name) && !wanted.has(name)) wanted.set(name, one);
  }
  const made = await insertAll(transaction, [...wanted.values()]);
  const events = [...made].flatMap(
    ({ grant, vehicles }) => decideCreation(grant, auditContext, vehicles).grantEvents,
  );
  await addGrantEvents(transaction, events);
  write(MARK_CLIENTS, [[...new Set([...made].map(({ grant }) => grant.clientId))]]);
  return batch.map((one) => {
    const name = nameOf(one.digest);
    const first = wanted.get(name);
    const grant = existing.get(name) ?? (first === one ? undefined : first?.grant);
    if (grant !== undefined) return compareImport(grant, one.grant);
    if (!clientIds.has(one.grant.clientId)) return 'client_unknown';
    return made.has(one) ? 'imported' : 'id_taken';
  });
};

/** Inserts those whose id is free, and answers which they are. */
const insertAll = async (
  transaction: Transaction,
  wanted: readonly ImportedGrant[],
): Promise<ReadonlySet<ImportedGrant>> => {
  const { query, write } = transaction;
  const column = (value: (grant: Grant) => unknown): readonly unknown[] =>
    wanted.map(({ grant }) => value(grant));
  const rotations = wanted.map(({ grant }) => rotationValues(grant));
  const rotation = Array.from({ length: 7 }, (_, at) => rotations.map((values) => values[at]));
  const standing = [
    column(({ id }) => id),
    column(({ clientId }) => clientId),
    column(({ subject }) => subject),
    column(({ scope }) => scope),
    column(({ brand = null }) => brand),
    column(({ createdAtMs }) => createdAtMs),
  ];
  const rows = await query(INSERT, [...standing, ...rotation]);
  const ids = new Set(rows.map((row) => String(row['id'])));
  const made: ImportedGrant[] = [];
  for (const one of wanted) if (ids.delete(String(one.grant.id))) made.push(one);
  write(INSERT_TOKENS, [
    made.map(({ digest }) => Buffer.from(digest)),
    made.map(({ grant }) => grant.id),
    made.map(({ expiresAtMs }) => expiresAtMs),
  ]);
  addConsents(
    transaction,
    made.map(({ grant }) => grant),
  );
  for (const { grant, vehicles } of made)
    if (vehicles.length > 0) writeVehicles(transaction, grant.id, vehicles);
  return new Set(made);
};
