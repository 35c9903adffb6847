// A keeper as a process of its own. It asks for one token, and ends itself at a step, as `kill -9` from outside would.
import { existsSync, writeSync } from 'node:fs';
import { openKeeper } from '@keyfob/keeper';
import type { Step } from '@keyfob/keeper';
import { FAST, KEYS, clientOfData } from '../kept-world.ts';
import type { ClientData } from '../kept-world.ts';
import { storeOfData } from './store-data.ts';
import type { StoreData } from './store-data.ts';

/** What the process is started with, as JSON. */
export type Orders = {
  readonly store: StoreData;
  readonly client: ClientData;
  /** `undefined` for a process that lives. */
  readonly at?: Step | undefined;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** Prints `held` at this step, once, and waits for the file. */
  readonly hold?: { readonly at: Step; readonly until: string } | undefined;
};

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders;
const nap = new Int32Array(new SharedArrayBuffer(4));
let { hold } = orders;
const keeper = await openKeeper({
  store: storeOfData(orders.store),
  keys: KEYS,
  clients: { cars: clientOfData(orders.client) },
  timing: FAST,
  isScheduling: false,
  atStep(step) {
    if (hold !== undefined && step === hold.at) {
      const { until } = hold;
      hold = undefined;
      writeSync(1, 'held\n');
      while (!existsSync(until)) Atomics.wait(nap, 0, 0, 10);
    }
    if (step === orders.at) process.kill(process.pid, orders.signal);
  },
});
const result = await keeper.tryToken('car', { waitMs: 30_000 });
await keeper.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
