import type { Grant, Revocation } from '../../../grants/grant.ts';
import type { AuditContext } from '../../../grants/grant-store.ts';
import type { GrantId } from '../../../tokens/grant-id.ts';
import { addGrantEvents } from './grant-events.ts';
import { toIssuedBy } from '../nodes/issued-by.ts';
import type { IssuedBy } from '../nodes/issued-by.ts';
import { digestSubject, GRANT_COLUMNS, rotationValues, toGrant } from './rows.ts';
import type { Query, Transaction } from '../connection/transaction.ts';
import { listVehicles } from './covered-vehicles.ts';

const SELECT = `SELECT ${GRANT_COLUMNS} FROM grants AS g WHERE g.id = $1`;
const LOCK = `SELECT ${GRANT_COLUMNS}, g.issued_by FROM grants AS g WHERE g.id = $1 FOR UPDATE`;

const ROTATE = `UPDATE grants SET generation = $3, key_number = $4, rotated_at_ms = $5, earlier_rotations = $6, caller_address = $7,
  caller_user_agent = $8, use_digest = $9, issued_by = $10 WHERE id = $1 AND generation = $2`;

/** The client is held until the end, so that nobody removes it without its new grant. */
const INSERT = `WITH client AS (SELECT id FROM clients WHERE id = $2 FOR KEY SHARE),
  made AS (
    INSERT INTO grants (id, client_id, subject, scope, brand, created_at, revoked_at, revocation_cause,
      generation, key_number, rotated_at_ms, earlier_rotations, caller_address, caller_user_agent, use_digest)
    SELECT $1::bigint, client.id, $3::text, $4::text, $5::text, $6::bigint, $7::bigint, $8::text,
      $9::bigint, $10::integer, $11::bigint, $12::bytea, $13::text, $14::text, $15::bytea FROM client
    ON CONFLICT (id) DO NOTHING RETURNING id
  )
  SELECT EXISTS (SELECT 1 FROM client) AS is_client, EXISTS (SELECT 1 FROM made) AS is_made`;

/** What goes with a grant when it goes. */
const TABLES_OF_GRANTS = ['replays', 'covered_vehicles', 'consents', 'imported_tokens'];

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

/** Keeps a client from being removed until the transaction ends. */
export const lockClient = async (query: Query, id: string): Promise<boolean> =>
  (await query('SELECT id FROM clients WHERE id = $1 FOR KEY SHARE', [id])).length > 0;

/** Inserts a grant in one statement, in a transaction or by itself. */
export const insertGrant = async (
  query: Query,
  grant: Grant,
): Promise<'created' | 'client_unknown' | 'id_taken'> => {
  const { id, clientId, subject, scope, brand = null, createdAt, revocation } = grant;
  const standing = [id, clientId, subject, scope, brand, createdAt, revocation?.at ?? null];
  const [row] = await query(INSERT, [...standing, revocation?.cause ?? null, ...rotationValues(grant)]);
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
  write('UPDATE grants SET revoked_at = $2, revocation_cause = $3 WHERE id = $1', [
    id,
    revocation?.at ?? null,
    revocation?.cause ?? null,
  ]);

/** Ends a grant that is held and not ended yet, and keeps the grant event with what the grant covers. */
export const revokeLocked = async (
  transaction: Transaction,
  grant: Grant,
  revocation: Revocation,
  { nowMs: atMs, requestId }: AuditContext,
): Promise<Grant> => {
  const { id: grantId, clientId, subject } = grant;
  const revoked = { ...grant, revocation };
  writeRevocation(transaction, revoked);
  const vins = (await listVehicles(transaction.query, grantId)).map(({ vin }) => vin);
  const { cause } = revocation;
  const grantEvent = { atMs, grantId, clientId, subject, requestId, cause, vins };
  await addGrantEvents(transaction, [{ ...grantEvent, kind: 'grant.revoked' }]);
  return revoked;
};

/** Removes grants that are held, with all that goes with them. */
export const removeGrants = ({ write }: Transaction, ids: readonly GrantId[]): void => {
  for (const table of TABLES_OF_GRANTS)
    write(`DELETE FROM ${table} WHERE grant_id = ANY($1::bigint[])`, [ids]);
  write('DELETE FROM grants WHERE id = ANY($1::bigint[])', [ids]);
};

/** Removes every grant of a client that nobody else can give a grant to meanwhile. */
export const removeGrantsOf = ({ write }: Transaction, clientId: string): void => {
  for (const table of TABLES_OF_GRANTS)
    write(`DELETE FROM ${table} WHERE grant_id IN (SELECT id FROM grants WHERE client_id = $1)`, [clientId]);
  write('DELETE FROM grants WHERE client_id = $1', [clientId]);
};

export const addConsents = ({ write }: Transaction, grants: readonly Grant[]): void =>
  write(
    `INSERT INTO consents (subject_digest, grant_id) SELECT * FROM unnest($1::bytea[], $2::bigint[])
    ON CONFLICT DO NOTHING`,
    [grants.map(({ subject }) => digestSubject(subject)), grants.map(({ id }) => id)],
  );
