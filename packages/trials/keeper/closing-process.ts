// A keeper that is closed while its refresh is under way. The process ends when nothing keeps it.
import { createServer } from 'node:http';
import { openKeeper, sqliteStore } from '@keyfob/keeper';
import { KEYS, clientOfData } from './kept-world.ts';
import type { ClientData } from './kept-world.ts';

/** What the process is started with, as JSON. */
export type ClosingOrders = {
  readonly file: string;
  readonly client: ClientData;
  readonly waitMs: number;
  /** The process has other work, until this path of it is asked for. */
  readonly hasWork: boolean;
};

const { file, client, waitMs, hasWork } = JSON.parse(process.argv[2] ?? '{}') as ClosingOrders;
const keeper = await openKeeper({
  store: sqliteStore(file),
  keys: KEYS,
  clients: { cars: clientOfData(client) },
  isScheduling: false,
  log: ({ event }) => void process.stdout.write(`${event}\n`),
});
await keeper.put('car', 'cars', { refreshToken: 'r' });
void keeper.tryToken('car', { waitMs: 600_000 }).then(({ status }) => process.stdout.write(`${status}\n`));
process.once('message', () => {
  void keeper.close({ waitMs }).then(() => process.send?.('closed'));
  process.once('message', () => work.close());
});
const work = createServer();
if (hasWork) work.listen(0, '127.0.0.1');
process.channel?.unref();
