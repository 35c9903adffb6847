import { toMillis } from '../../clock.ts';
import type { OperatorKey } from '../../operators/operator-key.ts';
import { OPERATOR_KEYS_MAX, OPERATOR_ROWS_KEPT_SECONDS } from '../../operators/operator-store.ts';
import type { OperatorStore } from '../../operators/operator-store.ts';
import { readOperator, writeOperator } from '../../operators/operator.ts';
import { ROLES } from '../../operators/role.ts';
import type { Connection } from './connection.ts';
import { damaged, toOptionalNumber, toTexts } from './rows.ts';
import type { Row } from './rows.ts';

/** More than arrive at a time, so that old rows never pile up. */
const DROPPED_AT_A_TIME = 16;

/** Operator keys, operators' sessions, and the writes that were asked for. */
export const createOperatorVerbs = (connection: Connection): OperatorStore => ({
  ...createKeyVerbs(connection),
  ...createSessionVerbs(connection),
  ...createWriteVerbs(connection),
});

const createKeyVerbs = ({
  database,
  commits,
  read,
}: Connection): Pick<
  OperatorStore,
  'createOperatorKey' | 'listOperatorKeys' | 'findOperatorKey' | 'removeOperatorKey' | 'noteOperatorKeyUse'
> => {
  const count = database.prepare('SELECT count(*) AS keys FROM operator_keys');
  const insert = database.prepare(
    'INSERT OR IGNORE INTO operator_keys (id, name, role, client_ids, digest, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const list = database.prepare('SELECT * FROM operator_keys ORDER BY created_at_ms, id');
  const find = database.prepare('SELECT * FROM operator_keys WHERE digest = ?');
  const remove = database.prepare('DELETE FROM operator_keys WHERE id = ?');
  const note = database.prepare('UPDATE operator_keys SET last_used_at_ms = ? WHERE id = ?');
  return {
    createOperatorKey: ({ id, name, role, clientIds, digest, createdAtMs, expiresAtMs }) =>
      commits.run(() => {
        if (Number(count.get()?.['keys']) >= OPERATOR_KEYS_MAX) return 'too_many';
        const { changes } = insert.run(
          id,
          name,
          role,
          JSON.stringify(clientIds),
          digest,
          createdAtMs,
          expiresAtMs,
        );
        return changes === 1 ? 'created' : 'id_taken';
      }),
    listOperatorKeys: () => read(() => list.all().map(toKey)),
    findOperatorKey: (digest) =>
      read(() => {
        const row = find.get(digest);
        return row === undefined ? undefined : toKey(row);
      }),
    removeOperatorKey: (id) => commits.run(() => (remove.run(id).changes === 1 ? 'removed' : 'unknown')),
    noteOperatorKeyUse: (id, nowMs) => commits.run(() => void note.run(nowMs, id)),
  };
};

const createSessionVerbs = ({
  database,
  commits,
  read,
}: Connection): Pick<
  OperatorStore,
  | 'createOperatorSession'
  | 'readOperatorSession'
  | 'noteOperatorSessionUse'
  | 'endOperatorSession'
  | 'endOperatorSessions'
> => {
  const insert = database.prepare(
    'INSERT OR IGNORE INTO operator_sessions (digest, kind, operator, started_at_ms, used_at_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const drop = database.prepare(
    `DELETE FROM operator_sessions WHERE digest IN
      (SELECT digest FROM operator_sessions WHERE started_at_ms < ? ORDER BY started_at_ms LIMIT ?)`,
  );
  const select = database.prepare('SELECT * FROM operator_sessions WHERE digest = ?');
  const note = database.prepare('UPDATE operator_sessions SET used_at_ms = ? WHERE digest = ?');
  const remove = database.prepare('DELETE FROM operator_sessions WHERE digest = ?');
  const removeAll = database.prepare('DELETE FROM operator_sessions');
  return {
    createOperatorSession: ({ digest, kind, operator, startedAtMs, usedAtMs }) =>
      commits.run(() => {
        drop.run(startedAtMs - toMillis(OPERATOR_ROWS_KEPT_SECONDS), DROPPED_AT_A_TIME);
        insert.run(digest, kind, writeOperator(operator), startedAtMs, usedAtMs);
      }),
    readOperatorSession: (digest) =>
      read(() => {
        const row = select.get(digest);
        if (row === undefined) return undefined;
        return {
          digest,
          kind: row['kind'] === 'link' ? 'link' : 'browser',
          operator: readOperator(String(row['operator'])),
          startedAtMs: Number(row['started_at_ms']),
          usedAtMs: Number(row['used_at_ms']),
        };
      }),
    noteOperatorSessionUse: (digest, nowMs) => commits.run(() => void note.run(nowMs, digest)),
    endOperatorSession: (digest) =>
      commits.run(() => (remove.run(digest).changes === 1 ? 'ended' : 'unknown')),
    endOperatorSessions: () => commits.run(() => Number(removeAll.run().changes)),
  };
};

const createWriteVerbs = ({
  database,
  commits,
}: Connection): Pick<OperatorStore, 'claimWrite' | 'releaseWrite'> => {
  const insert = database.prepare(
    'INSERT OR IGNORE INTO admin_writes (digest, body, at_ms) VALUES (?, ?, ?)',
  );
  const drop = database.prepare(
    `DELETE FROM admin_writes WHERE digest IN (SELECT digest FROM admin_writes WHERE at_ms < ? ORDER BY at_ms LIMIT ?)`,
  );
  const isSame = database.prepare('SELECT 1 FROM admin_writes WHERE digest = ? AND body = ?');
  const remove = database.prepare('DELETE FROM admin_writes WHERE digest = ?');
  return {
    claimWrite: ({ digest, body }, nowMs) =>
      commits.run(() => {
        drop.run(nowMs - toMillis(OPERATOR_ROWS_KEPT_SECONDS), DROPPED_AT_A_TIME);
        if (insert.run(digest, body, nowMs).changes === 1) return 'new';
        return isSame.get(digest, body) === undefined ? 'other' : 'seen';
      }),
    releaseWrite: (digest) => commits.run(() => void remove.run(digest)),
  };
};

const toKey = (row: Row): OperatorKey => ({
  id: String(row['id']),
  name: String(row['name']),
  role: ROLES.find((role) => role === row['role']) ?? damaged('operator_keys.role'),
  clientIds: toTexts(row['client_ids'], 'operator_keys.client_ids'),
  digest: row['digest'] instanceof Uint8Array ? row['digest'] : damaged('operator_keys.digest'),
  createdAtMs: Number(row['created_at_ms']),
  expiresAtMs: Number(row['expires_at_ms']),
  lastUsedAtMs: toOptionalNumber(row['last_used_at_ms']),
});
