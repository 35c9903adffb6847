import { openKeeper, oauth, parseKeys, sqliteStore } from '@keyfob/keeper';
import { createServiceKey, serve } from '@keyfob/keeper/service';

/** What the parent is sent first. */
export type Served = { readonly url: string; readonly key: string };
/** CPU time of this process so far, in microseconds. */
export type Spent = { readonly cpu: number };

const CARS = 10_000;

/** A service on a SQLite file that holds cars whose tokens are valid; answers each message with the CPU time so far. */
const main = async (path: string): Promise<void> => {
  const keeper = await openKeeper({
    store: sqliteStore(path),
    keys: parseKeys([Buffer.alloc(32, 1).toString('base64url')]),
    clients: { cars: oauth({ clientId: 'id', clientSecret: 's', url: 'https://provider.example/token' }) },
  });
  const rows = Array.from({ length: CARS }, (_, index) => ({
    name: `vin:${index}`,
    client: 'cars',
    tokens: {
      accessToken: `access-token-of-car-${index}`,
      refreshToken: `refresh-${index}`,
      expiresIn: 7200,
    },
  }));
  await keeper.putMany(rows);
  const { key } = await createServiceKey(keeper, { name: 'load', scopes: ['tokens:read'] });
  const service = await serve(keeper, { port: 0 });
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: user + system } satisfies Spent);
  });
  process.on('disconnect', () => void service.close().then(() => process.exit()));
  process.send?.({ url: service.url, key } satisfies Served);
};

await main(process.argv[2] ?? '');
