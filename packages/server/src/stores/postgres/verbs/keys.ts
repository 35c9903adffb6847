import type { Store } from '../../../grants/store.ts';
import type { KnownClients } from './known-clients.ts';
import type { Connections } from '../connection/pool.ts';
import { toKey } from './rows.ts';

const INSERT =
  'INSERT INTO keys (number, created_at_ms, fingerprint) VALUES ($1, $2, $3) ON CONFLICT (number) DO NOTHING';

export const createKeyVerbs = (
  { read, write }: Connections,
  known: KnownClients,
): Pick<Store, 'listKeys' | 'registerKey'> => ({
  listKeys: async () =>
    (await read('SELECT number, created_at_ms, fingerprint FROM keys ORDER BY number DESC')).map(toKey),
  async registerKey({ number, createdAtMs, fingerprint }) {
    await write(INSERT, [number, createdAtMs, fingerprint]);
    known.forgetAll();
  },
});
