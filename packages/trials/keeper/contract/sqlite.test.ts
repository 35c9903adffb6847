import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@keyfob/keeper';
import { sqliteStore } from '@keyfob/keeper/stores';
import type { Store } from '@keyfob/keeper/stores';
import { LINKS } from './rows.ts';
import { describeStore } from './store-contract.ts';

describeStore('sqlite', async (scope) => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-contract-'));
  const stores: Store[] = [];
  const again = async (links = LINKS): Promise<Store> => {
    const store = await sqliteStore(join(directory, 'keeper.db'))(systemClock);
    store.useBinder(links);
    stores.push(store);
    return store;
  };
  scope.after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    rmSync(directory, { recursive: true, force: true });
  });
  return { store: await again(), again };
});
