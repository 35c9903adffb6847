import type { Grant } from '../../../grants/grant.ts';
import type { Page } from '../../../grants/grant-store.ts';
import type { Vehicle } from '../../../grants/vehicle.ts';
import { writeVehicleData } from '../../../grants/vehicle-data.ts';
import type { GrantId } from '../../../tokens/grant-id.ts';
import { toIssuedBy } from '../nodes/issued-by.ts';
import type { IssuedBy } from '../nodes/issued-by.ts';
import { GRANT_COLUMNS, rotationValues, toGrant } from './rows.ts';
import type { Query, Transaction } from '../connection/transaction.ts';
import { listVehicles } from './covered-vehicles.ts';
import { digestSubject } from '../../copy/row-form.ts';
import { LOCK_AGAINST_REMOVAL } from '../connection/engine.ts';

const SELECT = `SELECT ${GRANT_COLUMNS} FROM grants AS g WHERE g.id = $1`;
const LOCK = `SELECT ${GRANT_COLUMNS}, g.issued_by FROM grants AS g WHERE g.id = $1 FOR UPDATE`;

const ROTATE = `UPDATE grants SET generation = $3, key_number = $4, rotated_at_ms = $5, earlier_rotations = $6,
  caller_address = $7, caller_user_agent = $8, use_digest = $9, issued_by = $10 WHERE id = $1 AND generation = $2`;

/** Locks the client until the transaction ends, so that it is not removed without its new grant. */
const INSERT = `WITH client AS (SELECT id FROM clients WHERE id = $2 ${LOCK_AGAINST_REMOVAL}),
  made AS (
    INSERT INTO grants (id, client_id, subject, scope, brand, created_at_ms, revoked_at_ms, revocation_cause,
      generation, key_number, rotated_at_ms, earlier_rotations, caller_address, caller_user_agent, use_digest,
      vehicle_data)
    SELECT $1::bigint, client.id, $3::text, $4::text, $5::text, $6::bigint, $7::bigint, $8::text,
      $9::bigint, $10::integer, $11::bigint, $12::bytea, $13::text, $14::text, $15::bytea, $16::text FROM client
    ON CONFLICT (id) DO NOTHING RETURNING id
  )
  SELECT EXISTS (SELECT 1 FROM client) AS is_client, EXISTS (SELECT 1 FROM made) AS is_made`;

/** Their rows are removed with their grant. */
const TABLES_OF_GRANTS = ['replays', 'covered_vehicles', 'covered_vins', 'consents', 'imported_tokens'];

const ID_MIN = -(2n ** 63n);

/** Where a page begins, as an SQL operator and its value: the smallest id has none before it that a bigint can hold. */
export const pageFrom = (after: Page['after']): { readonly compare: '>' | '>='; readonly from: bigint } =>
  after === undefined || after < ID_MIN ? { compare: '>=', from: ID_MIN } : { compare: '>', from: after };

export const readGrant = async (query: Query, id: GrantId): Promise<Grant | undefined> => {
  const [row] = await query(SELECT, [id]);
  return row === undefined ? undefined : toGrant(row);
};

/** Locks a grant until the transaction ends, and reads which node issued its current generation. */
export const lockWithIssuer = async (
  query: Query,
  id: GrantId,
): Promise<{ readonly grant: Grant; readonly issuedBy: IssuedBy | undefined } | undefined> => {
  const [row] = await query(LOCK, [id]);
  return row === undefined ? undefined : { grant: toGrant(row), issuedBy: toIssuedBy(row['issued_by']) };
};

/** Locks a grant until the transaction ends. */
export const lockGrant = async (query: Query, id: GrantId): Promise<Grant | undefined> =>
  (await lockWithIssuer(query, id))?.grant;

export const lockGrantWithVehicles = async (
  query: Query,
  id: GrantId,
): Promise<{ readonly grant: Grant | undefined; readonly vehicles: readonly Vehicle[] }> => {
  const [grant, vehicles] = await Promise.all([lockGrant(query, id), listVehicles(query, id)]);
  return { grant, vehicles };
};

/** Keeps a client from being removed until the transaction ends. */
export const lockClient = async (query: Query, id: string): Promise<boolean> =>
  (await query(`SELECT id FROM clients WHERE id = $1 ${LOCK_AGAINST_REMOVAL}`, [id])).length > 0;

/** Inserts a grant in one statement, in a transaction or by itself. */
export const insertGrant = async (
  query: Query,
  grant: Grant,
): Promise<'created' | 'client_unknown' | 'id_taken'> => {
  const { id, clientId, subject, scope, brand = null, createdAtMs, revocation } = grant;
  const standing = [id, clientId, subject, scope, brand, createdAtMs, revocation?.atMs ?? null];
  const { vehicleData } = grant;
  const values = [...standing, revocation?.cause ?? null, ...rotationValues(grant)];
  const data = vehicleData === undefined ? null : writeVehicleData(vehicleData);
  const [row] = await query(INSERT, [...values, data]);
  if (row?.['is_made'] === true) return 'created';
  return row?.['is_client'] === true ? 'id_taken' : 'client_unknown';
};

/** Advances a locked grant to a later generation. */
export const writeRotation = (
  { write }: Transaction,
  before: Grant,
  after: Grant,
  issuedBy: IssuedBy,
): void => write(ROTATE, [before.id, before.generation, ...rotationValues(after), issuedBy]);

/** Writes which node gives the answer of the current generation of a locked grant. */
export const writeIssuedBy = ({ write }: Transaction, { id }: Grant, issuedBy: IssuedBy): void =>
  write('UPDATE grants SET issued_by = $2 WHERE id = $1', [id, issuedBy]);

export const writeRevocation = ({ write }: Transaction, { id, revocation }: Grant): void =>
  write('UPDATE grants SET revoked_at_ms = $2, revocation_cause = $3 WHERE id = $1', [
    id,
    revocation?.atMs ?? null,
    revocation?.cause ?? null,
  ]);

/** Writes what the owner of a locked grant allows. */
export const writeGrantData = ({ write }: Transaction, { id, vehicleData }: Grant): void =>
  write('UPDATE grants SET vehicle_data = $2 WHERE id = $1', [
    id,
    vehicleData === undefined ? null : writeVehicleData(vehicleData),
  ]);

/** Removes locked grants and everything that belongs to them. */
export const removeGrants = ({ write }: Transaction, ids: readonly GrantId[]): void => {
  for (const table of TABLES_OF_GRANTS)
    write(`DELETE FROM ${table} WHERE grant_id = ANY($1::bigint[])`, [ids]);
  write('DELETE FROM grants WHERE id = ANY($1::bigint[])', [ids]);
};

/** Removes every grant of a locked client. */
export const removeGrantsOf = ({ write }: Transaction, clientId: string): void => {
  for (const table of TABLES_OF_GRANTS)
    write(`DELETE FROM ${table} WHERE grant_id IN (SELECT id FROM grants WHERE client_id = $1)`, [clientId]);
  write('DELETE FROM grants WHERE client_id = $1', [clientId]);
};

/** Lists new grants among those of their owners. */
export const addConsents = ({ write }: Transaction, grants: readonly Grant[]): void =>
  write(
    `INSERT INTO consents (subject_digest, grant_id) SELECT * FROM unnest($1::bytea[], $2::bigint[])
    ON CONFLICT DO NOTHING`,
    [grants.map(({ subject }) => digestSubject(subject)), grants.map(({ id }) => id)],
  );
