import type { DatabaseSync } from 'node:sqlite';
import type { Client } from '../../clients/client.ts';
import { REGISTRATION_TOKENS_MAX, writeTerms } from '../../clients/registration.ts';
import type { RegistrationStore } from '../../clients/registration-store.ts';
import type { Connection } from './connection.ts';
import { toRegistrationToken } from '../registration-rows.ts';

const prepareStatements = (database: DatabaseSync) => ({
  count: database.prepare('SELECT count(*) AS tokens FROM registration_tokens'),
  drop: database.prepare('DELETE FROM registration_tokens WHERE uses_left = 0 OR expires_at_ms <= ?'),
  insert: database.prepare(
    `INSERT OR IGNORE INTO registration_tokens (id, name, digest, terms, uses_left, created_at_ms, expires_at_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ),
  list: database.prepare('SELECT * FROM registration_tokens ORDER BY created_at_ms, id'),
  find: database.prepare('SELECT * FROM registration_tokens WHERE digest = ?'),
  remove: database.prepare('DELETE FROM registration_tokens WHERE id = ?'),
  isValid: database.prepare(
    'SELECT 1 FROM registration_tokens WHERE digest = ? AND uses_left > 0 AND expires_at_ms > ?',
  ),
  use: database.prepare('UPDATE registration_tokens SET uses_left = uses_left - 1 WHERE digest = ?'),
});

/** Registration tokens, and clients that register themselves. `insertClient` runs inside the open transaction. */
export const createRegistrationVerbs = (
  { database, commits, read }: Connection,
  insertClient: (client: Client) => 'created' | 'id_taken',
): RegistrationStore => {
  const sql = prepareStatements(database);
  const isFull = (): boolean => Number(sql.count.get()?.['tokens']) >= REGISTRATION_TOKENS_MAX;
  return {
    createRegistrationToken: ({ id, name, digest, terms, usesLeft, createdAtMs, expiresAtMs }) =>
      commits.run(() => {
        if (isFull()) sql.drop.run(createdAtMs);
        if (isFull()) return 'too_many';
        const values = [id, name, digest, writeTerms(terms), usesLeft, createdAtMs, expiresAtMs] as const;
        return sql.insert.run(...values).changes === 1 ? 'created' : 'id_taken';
      }),
    listRegistrationTokens: () => read(() => sql.list.all().map(toRegistrationToken)),
    findRegistrationToken: (digest) =>
      read(() => {
        const row = sql.find.get(digest);
        return row === undefined ? undefined : toRegistrationToken(row);
      }),
    removeRegistrationToken: (id) =>
      commits.run(() => (sql.remove.run(id).changes === 1 ? 'removed' : 'unknown')),
    registerByToken: (digest, client, nowMs) =>
      commits.run(() => {
        if (sql.isValid.get(digest, nowMs) === undefined) return 'token_ended';
        const outcome = insertClient(client);
        if (outcome === 'created') sql.use.run(digest);
        return outcome;
      }),
  };
};
