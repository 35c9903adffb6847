import { judgeWithdrawal } from '../../../tokens/key-state.ts';
import type { KeyStore } from '../../../tokens/key-store.ts';
import { KEY_COLUMNS, keyValues, toKey, withdrawalValues } from '../../key-rows.ts';
import type { KnownClients } from './known-clients.ts';
import type { Connections } from '../connection/pool.ts';

const INSERT = `INSERT INTO keys (${KEY_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (number) DO NOTHING`;
const LIST = `SELECT ${KEY_COLUMNS} FROM keys ORDER BY number DESC`;
const WITHDRAW =
  'UPDATE keys SET withdrawn_as = $1, withdrawn_at_ms = $2, opens_until_ms = $3 WHERE number = $4';
const COUNT =
  'SELECT key_number, count(*) AS grants FROM grants WHERE revoked_at_ms IS NULL GROUP BY key_number';

/** For a statement that goes through all grants. */
const TIMEOUT_MS = 600_000;

export const createKeyVerbs = ({ read, write, transact }: Connections, known: KnownClients): KeyStore => ({
  listKeys: async () => (await read(LIST)).map(toKey),
  async registerKey(key) {
    await write(INSERT, keyValues(key));
    known.forgetAll();
  },
  async withdrawKey(number, withdrawal) {
    try {
      return await transact(async (transaction) => {
        // Locked, so that of two withdrawals at once the second one sees the first.
        const keys = (await transaction.query(`${LIST} FOR UPDATE`)).map(toKey);
        const outcome = judgeWithdrawal(keys, number);
        if (outcome === 'withdrawn') transaction.write(WITHDRAW, [...withdrawalValues(withdrawal), number]);
        return outcome;
      });
    } finally {
      // Even if the answer was lost: the change may have taken place.
      known.forgetAll();
    }
  },
  async countGrantsByKey() {
    const rows = await transact(({ query }) => query(COUNT), { timeoutMs: TIMEOUT_MS });
    return new Map(rows.map((row) => [Number(row['key_number']), Number(row['grants'])]));
  },
});
