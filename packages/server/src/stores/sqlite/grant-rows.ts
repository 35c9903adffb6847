import type { DatabaseSync, StatementResultingChanges } from 'node:sqlite';
import type { CurrentGrant, Grant } from '../../grants/grant.ts';
import type { GrantFilter, Page } from '../../grants/grant-store.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import type { CallerNames } from './callers.ts';
import { createGrantLists } from './grant-lists.ts';
import type { KnownClients } from './known-clients.ts';
import { UNKNOWN } from '../../grants/rotation-history.ts';
import { writeVehicleData } from '../../grants/vehicle-data.ts';
import { packNewest, packRotations, prependRotation } from './packed-rotations.ts';
import { CURRENT_COLUMNS, GRANT_COLUMNS, prepareValues, toCurrentGrant, toGrant, toGrantId } from './rows.ts';
import type { Values } from './rows.ts';
import type { ScopeNames } from './scopes.ts';

const OF_CLIENT = 'client_number = (SELECT number FROM clients WHERE id = ?)';

const prepareStatements = (database: DatabaseSync) => ({
  select: prepareValues(database, `SELECT ${GRANT_COLUMNS} FROM grants WHERE id = ?`),
  selectCurrent: prepareValues(database, `SELECT ${CURRENT_COLUMNS} FROM grants WHERE id = ?`),
  count: database.prepare('SELECT count(*) AS grants FROM grants'),
  countOfClient: database.prepare(
    `SELECT count(*) AS grants FROM (SELECT 1 FROM grants WHERE ${OF_CLIENT} LIMIT ?)`,
  ),
  insert: database.prepare(`INSERT INTO grants
    (id, client_number, generation, key_number, created_at_ms, rotations, rotated_by, use_digest, revoked_at_ms, revocation_cause,
      brand, subject, scope_number, vehicle_data)
    SELECT ?, number, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM clients WHERE id = ?`),
  advance: database.prepare(`UPDATE grants
    SET generation = ?, key_number = ?, rotations = ?, rotated_by = ?, use_digest = ? WHERE id = ? AND generation = ?`),
  rotate: database.prepare(`UPDATE grants
    SET generation = ?, key_number = ?, rotations = ${prependRotation('rotations', '?')}, rotated_by = ?, use_digest = ?
    WHERE id = ? AND generation = ?`),
  setRevocation: database.prepare('UPDATE grants SET revoked_at_ms = ?, revocation_cause = ? WHERE id = ?'),
  setVehicleData: database.prepare('UPDATE grants SET vehicle_data = ? WHERE id = ?'),
  remove: database.prepare('DELETE FROM grants WHERE id = ?'),
  addConsent: database.prepare('INSERT OR IGNORE INTO consents (subject, grant_id) VALUES (?, ?)'),
  removeConsent: database.prepare('DELETE FROM consents WHERE subject = ? AND grant_id = ?'),
});

/** The rows of grants. Writes run inside the open transaction. */
export const createGrantRows = (
  database: DatabaseSync,
  { callers, scopes, clients }: { callers: CallerNames; scopes: ScopeNames; clients: KnownClients },
) => {
  const sql = prepareStatements(database);
  const listed = createGrantLists(database);
  const { clientIdOf } = clients;
  const { scopeOf } = scopes;
  const { callerOf } = callers;
  const names = { clientIdOf, scopeOf, callerOf };
  const parse = (values: Values, id: GrantId): Grant => toGrant(values, id, names);

  return {
    read(id: GrantId): Grant | undefined {
      const values = sql.select.get(id);
      return values === undefined ? undefined : parse(values, id);
    },
    /** What judges the current token; `undefined` where it needs the whole grant. */
    readCurrent(id: GrantId): CurrentGrant | undefined {
      const values = sql.selectCurrent.get(id);
      return values === undefined ? undefined : toCurrentGrant(values, id, names);
    },
    insert(grant: Grant): 'created' | 'client_unknown' | 'id_taken' {
      if (sql.select.get(grant.id) !== undefined) return 'id_taken';
      const { id, generation, keyNumber, createdAtMs, rotatedAtMs, rotatedBy, useDigest, revocation } = grant;
      const caller = rotatedBy === undefined ? null : callers.numberOf(rotatedBy);
      const state = [
        id,
        generation,
        keyNumber,
        createdAtMs,
        packRotations(rotatedAtMs),
        caller,
        useDigest ?? null,
      ];
      const end = [revocation?.atMs ?? null, revocation?.cause ?? null];
      const { brand = null, subject, scope, vehicleData, clientId } = grant;
      const what = [brand, subject, scopes.numberOf(scope)];
      const data = vehicleData === undefined ? null : writeVehicleData(vehicleData);
      const { changes } = sql.insert.run(...state, ...end, ...what, data, clientId);
      return changes === 1 ? 'created' : 'client_unknown';
    },
    /** Writes what a refresh changes. */
    advance(before: Grant, { generation, keyNumber, rotatedAtMs, rotatedBy, useDigest }: Grant): void {
      const caller = rotatedBy === undefined ? null : callers.numberOf(rotatedBy);
      const rotations = packRotations(rotatedAtMs);
      const { id, generation: from } = before;
      expectOne(sql.advance.run(generation, keyNumber, rotations, caller, useDigest ?? null, id, from));
    },
    /** Writes a rotation of what `readCurrent` read: its moment is put before the others, which stay unread. */
    rotate(
      before: CurrentGrant,
      { generation, keyNumber, rotatedAtMs, rotatedBy, useDigest }: CurrentGrant,
    ): void {
      const caller = rotatedBy === undefined ? null : callers.numberOf(rotatedBy);
      const rotation = packNewest(rotatedAtMs.at(-1) ?? UNKNOWN, before.rotatedAtMs.at(-1) ?? UNKNOWN);
      const { id, generation: from } = before;
      expectOne(sql.rotate.run(generation, keyNumber, rotation, caller, useDigest ?? null, id, from));
    },
    /** Whether the grant is revoked, and why. */
    writeRevocation({ id, revocation }: Grant): void {
      expectOne(sql.setRevocation.run(revocation?.atMs ?? null, revocation?.cause ?? null, id));
    },
    /** What its owner allows. */
    writeVehicleData({ id, vehicleData }: Grant): void {
      expectOne(sql.setVehicleData.run(vehicleData === undefined ? null : writeVehicleData(vehicleData), id));
    },
    list: (page: Page & GrantFilter): readonly Grant[] =>
      listed(page).map((values) => parse(values, toGrantId(values.at(-1)))),
    count: (clientId: string | undefined, atMost: number): number =>
      Number(
        (clientId === undefined ? sql.count.get() : sql.countOfClient.get(clientId, atMost))?.['grants'],
      ),
    /** Lists a new grant among those of its owner. */
    addConsent: ({ id, subject }: Grant): void => void sql.addConsent.run(subject, id),
    /** With its row in `consents`. */
    remove({ id, subject }: Grant): void {
      sql.removeConsent.run(subject, id);
      sql.remove.run(id);
    },
  };
};

export type GrantRows = ReturnType<typeof createGrantRows>;

/** The row was read in this transaction, so another number of changes is a bug, and must not be committed. */
const expectOne = ({ changes }: StatementResultingChanges): void => {
  if (changes !== 1) throw new Error(`${changes} rows were changed instead of one`);
};
