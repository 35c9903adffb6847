import type { DatabaseSync } from 'node:sqlite';
import type { Millis } from '../../clock.ts';
import { decideCreation } from '../../grants/decide-creation.ts';
import type { Grant } from '../../grants/grant.ts';
import type { AuditContext } from '../../grants/grant-store.ts';
import type { ImportStore } from '../../grants/import-store.ts';
import { compareImport } from '../../grants/imported-grant.ts';
import type { ImportedGrant, ImportOutcome } from '../../grants/imported-grant.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import type { GrantEvents } from './grant-events.ts';
import type { GrantRows } from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import { GRANT_ID_TEXT, prepareValues, toGrantId } from './rows.ts';
import type { Connection } from './connection.ts';
import type { CoveredVehicles } from './covered-vehicles.ts';

/** The digests of imported tokens. Writes run inside the open transaction. */
export const createImportedTokens = (database: DatabaseSync) => {
  const select = prepareValues(
    database,
    `SELECT ${GRANT_ID_TEXT('grant_id')} FROM imported_tokens WHERE digest = ?`,
  );
  const insert = database.prepare(
    'INSERT INTO imported_tokens (digest, grant_id, expires_at_ms) VALUES (?, ?, ?)',
  );
  const drop = database.prepare(
    'DELETE FROM imported_tokens WHERE grant_id BETWEEN ? AND ? AND expires_at_ms < ?',
  );
  return {
    find(digest: Uint8Array): GrantId | undefined {
      const values = select.get(digest);
      return values === undefined ? undefined : toGrantId(values[0]);
    },
    add: ({ digest, grant, expiresAtMs }: ImportedGrant): void =>
      void insert.run(digest, grant.id, expiresAtMs),
    /** Removes those of a range of grants that expired before a moment. */
    drop: (first: GrantId, last: GrantId, expiredBeforeMs: Millis): void =>
      void drop.run(first, last, expiredBeforeMs),
  };
};

export type ImportedTokens = ReturnType<typeof createImportedTokens>;

/** Grants whose first refresh token another server issued. */
export const createImportVerbs = (
  { database, commits, read }: Connection,
  {
    rows,
    clients,
    vehicles,
    grantEvents,
    imports,
  }: {
    rows: GrantRows;
    clients: KnownClients;
    vehicles: CoveredVehicles;
    grantEvents: GrantEvents;
    imports: ImportedTokens;
  },
): ImportStore => {
  const mark = database.prepare(
    'UPDATE clients SET has_imported_tokens = 1, revision = revision + 1 WHERE id = ? AND has_imported_tokens = 0',
  );

  const find = (digest: Uint8Array): Grant | undefined => {
    const id = imports.find(digest);
    return id === undefined ? undefined : rows.read(id);
  };

  const importOne = (one: ImportedGrant, auditContext: AuditContext): ImportOutcome => {
    const { grant } = one;
    const there = find(one.digest);
    if (there !== undefined) return compareImport(there, grant);
    const made = rows.insert(grant);
    if (made !== 'created') return made;
    imports.add(one);
    rows.addConsent(grant);
    vehicles.replace(grant.id, one.vehicles);
    grantEvents.addAll(decideCreation(grant, auditContext, one.vehicles).grantEvents);
    if (mark.run(grant.clientId).changes === 1) clients.forgetOne(grant.clientId);
    return 'imported';
  };

  return {
    importGrants: (batch, auditContext) =>
      commits.run(() => batch.map((one) => importOne(one, auditContext))),
    findImported: (digests) => read(() => digests.map(find)),
  };
};
