// A keeper as a process of its own. It asks for one token, and ends itself at a step, as `kill -9` from outside would.
import { openKeeper, sqliteStore } from '@keyfob/keeper';
import type { Step } from '@keyfob/keeper';
import { FAST, KEYS, clientOfData } from '../kept-world.ts';
import type { ClientData } from '../kept-world.ts';

/** What the process is started with, as JSON. */
export type Orders = {
  readonly file: string;
  readonly client: ClientData;
  /** `undefined` for a process that lives. */
  readonly at?: Step;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
};

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders;
const keeper = await openKeeper({
  store: sqliteStore(orders.file),
  keys: KEYS,
  clients: { cars: clientOfData(orders.client) },
  timing: FAST,
  isScheduling: false,
  atStep(step) {
    if (step === orders.at) process.kill(process.pid, orders.signal);
  },
});
const result = await keeper.tryToken('car', { waitMs: 30_000 });
await keeper.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
