import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Client } from '../clients/client.ts';
import { applyVerdict } from '../grants/apply-verdict.ts';
import type { Grant } from '../grants/grant.ts';
import { judge } from '../grants/judge.ts';
import type { RefreshResult, RefreshUse, Store } from '../grants/store.ts';
import { createGroupCommit } from './group-commit.ts';
import type { GroupCommit } from './group-commit.ts';
import { createClientVerbs } from './sqlite-clients.ts';
import { openDatabase } from './sqlite-database.ts';
import { toStoreError } from './sqlite-errors.ts';
import { packMoments, toGrant, toKey } from './sqlite-rows.ts';

/** What the verbs of the store share. */
export type Connection = {
  readonly database: DatabaseSync;
  readonly commits: GroupCommit;
  /** A read on its own, outside any transaction. Throws `StoreError` where SQLite fails. */
  read<Result>(work: () => Result): Promise<Result>;
};

const LOCK_TIMEOUT_MS = 2000;
/** The least signed 64-bit integer; no list starts before it. */
const BEFORE_EVERY_ID = -(2n ** 63n);
const GRANT_COLUMNS = `printf('%016x', grants.id) AS grant_id, owner.id AS client_id, grants.subject, grants.scope,
  grants.brand, grants.created_at, grants.generation, grants.key_number, grants.rotated_at_ms, grants.use_digest,
  grants.revoked_at, grants.revocation_cause`;

/**
 * The embedded store: one SQLite file, one row a grant, every commit synced to disk before its promise resolves.
 * Any number of processes may have the file open. Throws `OperatorError` where the file cannot be opened.
 */
export const openSqliteStore = (path: string): Store => {
  const database = openDatabase(path, { lockTimeoutMs: LOCK_TIMEOUT_MS });
  const connection: Connection = {
    database,
    commits: createGroupCommit(database, {
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      onRollback: () => clients.forget(),
    }),
    read: async (work) => {
      try {
        return work();
      } catch (error) {
        throw toStoreError(error, false);
      }
    },
  };
  const clients = createClientVerbs(connection);
  return {
    ...clients.verbs,
    ...createGrantVerbs(connection, clients.readInTransaction),
    ...createKeyVerbs(connection),
    async close() {
      await connection.commits.settle();
      database.close();
    },
  };
};

const createGrantVerbs = (
  { database, commits, read }: Connection,
  readClient: (id: string) => Client | undefined,
) => {
  const from = 'FROM grants JOIN clients AS owner ON owner.number = grants.client';
  const select = database.prepare(`SELECT ${GRANT_COLUMNS} ${from} WHERE grants.id = ?`);
  const list = database.prepare(
    `SELECT ${GRANT_COLUMNS} ${from} WHERE grants.id > ? ORDER BY grants.id LIMIT ?`,
  );
  const listOfClient = database.prepare(
    `SELECT ${GRANT_COLUMNS} ${from} WHERE owner.id = ? AND grants.id > ? ORDER BY grants.id LIMIT ?`,
  );
  const count = database.prepare('SELECT count(*) AS grants FROM grants');
  const countOfClient = database.prepare(
    'SELECT count(*) AS grants FROM grants WHERE client = (SELECT number FROM clients WHERE id = ?)',
  );
  const insert = database.prepare(`INSERT INTO grants
    (id, client, generation, key_number, created_at, rotated_at_ms, use_digest, brand, subject, scope)
    SELECT ?, number, ?, ?, ?, ?, ?, ?, ?, ? FROM clients WHERE id = ?`);
  const advance = database.prepare(`UPDATE grants
    SET generation = ?, key_number = ?, rotated_at_ms = ?, use_digest = ? WHERE id = ? AND generation = ?`);
  const setRevocation = database.prepare(
    'UPDATE grants SET revoked_at = ?, revocation_cause = ? WHERE id = ?',
  );

  const readGrant = (id: bigint): Grant | undefined => {
    const row = select.get(id);
    return row === undefined ? undefined : toGrant(row);
  };

  const writeVerdict = (before: Grant, after: Grant): void => {
    if (after.revocation !== before.revocation) {
      setRevocation.run(after.revocation?.at ?? null, after.revocation?.cause ?? null, before.id);
    } else {
      const { generation, keyNumber, rotatedAtMs, useDigest } = after;
      const moments = packMoments(rotatedAtMs);
      expectOne(advance, [generation, keyNumber, moments, useDigest ?? null, before.id, before.generation]);
    }
  };

  const refresh = (use: RefreshUse): RefreshResult | 'client_gone' => {
    const client = readClient(use.presented.clientId);
    if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
    const before = readGrant(use.presented.grantId);
    const verdict = judge(before, use.presented, use.nowMs, client.policy);
    if (before === undefined)
      return { verdict, grant: undefined, policy: client.policy, sinceRotationMs: undefined };
    const grant = applyVerdict(before, verdict, use);
    if (grant !== before) writeVerdict(before, grant);
    const rotatedAtMs = before.rotatedAtMs.at(-1);
    const sinceRotationMs = rotatedAtMs === undefined ? undefined : use.nowMs - rotatedAtMs;
    return { verdict, grant, policy: client.policy, sinceRotationMs };
  };

  const verbs: Pick<
    Store,
    'refresh' | 'createGrant' | 'readGrant' | 'listGrants' | 'countGrants' | 'revoke' | 'reinstate'
  > = {
    refresh: (use) => commits.run(() => refresh(use)),
    createGrant: (grant) =>
      commits.run(() => {
        if (select.get(grant.id) !== undefined) return 'id_taken';
        const {
          id,
          generation,
          keyNumber,
          createdAt,
          rotatedAtMs,
          useDigest,
          brand,
          subject,
          scope,
          clientId,
        } = grant;
        const moments = packMoments(rotatedAtMs);
        const state = [id, generation, keyNumber, createdAt, moments, useDigest ?? null];
        const { changes } = insert.run(...state, brand ?? null, subject, scope, clientId);
        return changes === 1 ? 'created' : 'client_unknown';
      }),
    readGrant: (id) => read(() => readGrant(id)),
    listGrants: ({ after, limit, clientId }) =>
      read(() => {
        const start = after ?? BEFORE_EVERY_ID;
        const rows =
          clientId === undefined ? list.all(start, limit) : listOfClient.all(clientId, start, limit);
        return rows.map(toGrant);
      }),
    countGrants: (clientId) =>
      read(() => Number((clientId === undefined ? count.get() : countOfClient.get(clientId))?.['grants'])),
    revoke: (id, { at, cause }) =>
      commits.run(() => {
        const grant = readGrant(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation !== undefined) return 'revoked_before';
        setRevocation.run(at, cause, id);
        return 'revoked';
      }),
    reinstate: (id) =>
      commits.run(() => {
        const grant = readGrant(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation === undefined) return 'not_revoked';
        setRevocation.run(null, null, id);
        return 'reinstated';
      }),
  };
  return verbs;
};

const createKeyVerbs = ({ database, commits, read }: Connection): Pick<Store, 'listKeys' | 'registerKey'> => {
  const list = database.prepare('SELECT number, created_at, fingerprint FROM keys ORDER BY number DESC');
  const insert = database.prepare(
    'INSERT OR IGNORE INTO keys (number, created_at, fingerprint) VALUES (?, ?, ?)',
  );
  return {
    listKeys: () => read(() => list.all().map(toKey)),
    registerKey: ({ number, createdAt, fingerprint }) =>
      commits.run(() => {
        insert.run(number, createdAt, fingerprint);
      }),
  };
};

/** The row was read in this very transaction; another number of changes is a bug, and must not be committed. */
const expectOne = (statement: StatementSync, values: readonly SQLInputValue[]): void => {
  const { changes } = statement.run(...values);
  if (changes !== 1) throw new Error(`one row was to change, and ${changes} did`);
};
