import { toMillis } from '../../../clock.ts';
import type { OperatorKey } from '../../../operators/operator-key.ts';
import { OPERATOR_KEYS_MAX, OPERATOR_ROWS_KEPT_SECONDS } from '../../../operators/operator-store.ts';
import type { OperatorStore } from '../../../operators/operator-store.ts';
import { readOperator, writeOperator } from '../../../operators/operator.ts';
import { ROLES } from '../../../operators/role.ts';
import { SKIP_LOCKED } from '../connection/engine.ts';
import { lockForAll } from '../connection/migrations.ts';
import type { Connections } from '../connection/pool.ts';
import type { Row } from '../connection/transaction.ts';
import { canBeText, damaged, toNumber, toTexts } from './rows.ts';

/** More than arrive at a time, so that old rows never pile up. */
const DROPPED_AT_A_TIME = 16;

const INSERT_KEY = `INSERT INTO operator_keys (id, name, role, client_ids, digest, created_at_ms, expires_at_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING RETURNING id`;
const INSERT_SESSION = `INSERT INTO operator_sessions (digest, kind, operator, started_at_ms, used_at_ms)
  VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest) DO NOTHING`;
const DROP_SESSIONS = `DELETE FROM operator_sessions WHERE digest IN
  (SELECT digest FROM operator_sessions WHERE started_at_ms < $1 ORDER BY started_at_ms LIMIT $2 FOR UPDATE ${SKIP_LOCKED})`;
const DROP_WRITES = `DELETE FROM admin_writes WHERE digest IN
  (SELECT digest FROM admin_writes WHERE at_ms < $1 ORDER BY at_ms LIMIT $2 FOR UPDATE ${SKIP_LOCKED})`;
const INSERT_WRITE =
  'INSERT INTO admin_writes (digest, body, at_ms) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING RETURNING at_ms';
const IS_OTHER_WRITE = 'SELECT 1 FROM admin_writes WHERE digest = $1 AND body <> $2';

/** Operator keys, operators' sessions, and the writes that were asked for. */
export const createOperatorVerbs = ({ read, write, transact }: Connections): OperatorStore => ({
  createOperatorKey: ({ id, name, role, clientIds, digest, createdAtMs, expiresAtMs }) =>
    transact(async ({ query }) => {
      await lockForAll(query);
      const [counted] = await query('SELECT count(*) AS keys FROM operator_keys');
      if (Number(counted?.['keys']) >= OPERATOR_KEYS_MAX) return 'too_many';
      const values = [id, name, role, JSON.stringify(clientIds), digest, createdAtMs, expiresAtMs];
      const made = await query(INSERT_KEY, values);
      return made.length === 1 ? 'created' : 'id_taken';
    }),
  listOperatorKeys: async () =>
    (await read('SELECT * FROM operator_keys ORDER BY created_at_ms, id')).map(toKey),
  async findOperatorKey(digest) {
    const [row] = await read('SELECT * FROM operator_keys WHERE digest = $1', [digest]);
    return row === undefined ? undefined : toKey(row);
  },
  async removeOperatorKey(id) {
    if (!canBeText(id)) return 'unknown';
    const removed = await write('DELETE FROM operator_keys WHERE id = $1 RETURNING id', [id]);
    return removed.length === 1 ? 'removed' : 'unknown';
  },
  noteOperatorKeyUse: async (id, nowMs) =>
    void (await write('UPDATE operator_keys SET last_used_at_ms = $2 WHERE id = $1', [id, nowMs])),
  createOperatorSession: ({ digest, kind, operator, startedAtMs, usedAtMs }) =>
    transact(async (transaction) => {
      const keptFromMs = startedAtMs - toMillis(OPERATOR_ROWS_KEPT_SECONDS);
      transaction.write(DROP_SESSIONS, [keptFromMs, DROPPED_AT_A_TIME]);
      transaction.write(INSERT_SESSION, [digest, kind, writeOperator(operator), startedAtMs, usedAtMs]);
    }),
  async readOperatorSession(digest) {
    const [row] = await read('SELECT * FROM operator_sessions WHERE digest = $1', [digest]);
    if (row === undefined) return undefined;
    return {
      digest,
      kind: row['kind'] === 'link' ? 'link' : 'browser',
      operator: readOperator(String(row['operator'])),
      startedAtMs: Number(row['started_at_ms']),
      usedAtMs: Number(row['used_at_ms']),
    };
  },
  noteOperatorSessionUse: async (digest, nowMs) =>
    void (await write('UPDATE operator_sessions SET used_at_ms = $2 WHERE digest = $1', [digest, nowMs])),
  async endOperatorSession(digest) {
    const ended = await write('DELETE FROM operator_sessions WHERE digest = $1 RETURNING kind', [digest]);
    return ended.length === 1 ? 'ended' : 'unknown';
  },
  endOperatorSessions: async () => (await write('DELETE FROM operator_sessions RETURNING kind', [])).length,
  claimWrite: ({ digest, body }, nowMs) =>
    transact(async (transaction) => {
      const keptFromMs = nowMs - toMillis(OPERATOR_ROWS_KEPT_SECONDS);
      await transaction.query(DROP_WRITES, [keptFromMs, DROPPED_AT_A_TIME]);
      if ((await transaction.query(INSERT_WRITE, [digest, body, nowMs])).length === 1) return 'new';
      // Absent where it was released in between: nothing of it was done, and asking again is safe.
      return (await transaction.query(IS_OTHER_WRITE, [digest, body])).length === 1 ? 'other' : 'seen';
    }),
  releaseWrite: async (digest) => void (await write('DELETE FROM admin_writes WHERE digest = $1', [digest])),
});

const toKey = (row: Row): OperatorKey => ({
  id: String(row['id']),
  name: String(row['name']),
  role: ROLES.find((role) => role === row['role']) ?? damaged('operator_keys.role'),
  clientIds: toTexts(row['client_ids'], 'operator_keys.client_ids'),
  digest: row['digest'] instanceof Uint8Array ? row['digest'] : damaged('operator_keys.digest'),
  createdAtMs: Number(row['created_at_ms']),
  expiresAtMs: Number(row['expires_at_ms']),
  lastUsedAtMs: toNumber(row['last_used_at_ms']),
});
