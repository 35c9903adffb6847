import type { Client } from '../../../clients/client.ts';
import { REGISTRATION_TOKENS_MAX, writeTerms } from '../../../clients/registration.ts';
import type { RegistrationStore } from '../../../clients/registration-store.ts';
import { lockForAll } from '../connection/migrations.ts';
import type { Connections } from '../connection/pool.ts';
import type { Query } from '../connection/transaction.ts';
import { canBeText } from './rows.ts';
import { toRegistrationToken } from '../../registration-rows.ts';

const INSERT = `INSERT INTO registration_tokens (id, name, digest, terms, uses_left, created_at_ms, expires_at_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING RETURNING id`;
const DROP = 'DELETE FROM registration_tokens WHERE uses_left = 0 OR expires_at_ms <= $1';
const LOCK =
  'SELECT id FROM registration_tokens WHERE digest = $1 AND uses_left > 0 AND expires_at_ms > $2 FOR UPDATE';

const isFull = async (query: Query): Promise<boolean> => {
  const [counted] = await query('SELECT count(*) AS tokens FROM registration_tokens');
  return Number(counted?.['tokens']) >= REGISTRATION_TOKENS_MAX;
};

/** Registration tokens, and clients that register themselves. `insert`: how a client is stored; it answers a row if it was. */
export const createRegistrationVerbs = (
  { read, write, transact }: Pick<Connections, 'read' | 'write' | 'transact'>,
  insert: { readonly text: string; valuesOf(client: Client): readonly unknown[] },
): RegistrationStore => ({
  createRegistrationToken: ({ id, name, digest, terms, usesLeft, createdAtMs, expiresAtMs }) =>
    transact(async ({ query }) => {
      await lockForAll(query);
      if (await isFull(query)) await query(DROP, [createdAtMs]);
      if (await isFull(query)) return 'too_many';
      const values = [id, name, digest, writeTerms(terms), usesLeft, createdAtMs, expiresAtMs];
      return (await query(INSERT, values)).length === 1 ? 'created' : 'id_taken';
    }),
  listRegistrationTokens: async () =>
    (await read('SELECT * FROM registration_tokens ORDER BY created_at_ms, id')).map(toRegistrationToken),
  async findRegistrationToken(digest) {
    const [row] = await read('SELECT * FROM registration_tokens WHERE digest = $1', [digest]);
    return row === undefined ? undefined : toRegistrationToken(row);
  },
  async removeRegistrationToken(id) {
    if (!canBeText(id)) return 'unknown';
    const removed = await write('DELETE FROM registration_tokens WHERE id = $1 RETURNING id', [id]);
    return removed.length === 1 ? 'removed' : 'unknown';
  },
  registerByToken: (digest, client, nowMs) =>
    transact(async ({ query }) => {
      if ((await query(LOCK, [digest, nowMs])).length === 0) return 'token_ended';
      if ((await query(insert.text, insert.valuesOf(client))).length === 0) return 'id_taken';
      await query('UPDATE registration_tokens SET uses_left = uses_left - 1 WHERE digest = $1', [digest]);
      return 'created';
    }),
});
