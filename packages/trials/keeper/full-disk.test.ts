import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { openKeeper, sqliteStore } from '@keyfob/keeper';
import type { Keeper, KeeperOptions, LogEvent } from '@keyfob/keeper';
import { fill, mountSmallDisk } from '../crash/small-disk.ts';
import { openCounterpart } from './crash/counterpart.ts';
import { FAST, KEYS, clientOfData } from './kept-world.ts';

it('a full disk spends no token, and an answer that meets one is kept in the space that was taken before', async (scope) => {
  const disk = mountSmallDisk(4);
  if ('skipped' in disk) return scope.skip(disk.skipped);
  const server = await openCounterpart('punishing');
  const keepers: Keeper[] = [];
  const open = async (options: Partial<KeeperOptions> = {}): Promise<Keeper> => {
    const keeper = await openKeeper({
      store: sqliteStore(join(disk.path, 'keeper.db')),
      keys: KEYS,
      clients: { cars: clientOfData(server.client) },
      timing: FAST,
      isScheduling: false,
      ...options,
    });
    keepers.push(keeper);
    return keeper;
  };
  scope.after(async () => {
    await Promise.all(keepers.map((keeper) => keeper.close({ waitMs: 0 })));
    await server.close();
    disk.unmount();
  });
  const stuffing = join(disk.path, 'stuffing');
  const before = await open();
  await before.put('car', 'cars', { refreshToken: await server.newGrant() });
  fill(stuffing);
  const full = await before.tryToken('car', { waitMs: 300 });
  assert.deepEqual([full.status, 'reason' in full && full.reason], ['unavailable', 'store_unavailable']);
  assert.equal(server.requests().length, 0);
  rmSync(stuffing);
  await before.close();

  // The disk becomes full between the two transactions.
  const log: LogEvent[] = [];
  const during = await open({
    log: (event) => log.push(event),
    atStep(step) {
      if (step === 'answered') fill(stuffing);
    },
  });
  assert.equal((await during.tryToken('car')).status, 'ok');
  assert.ok(log.some((event) => event.event === 'answer.spooled' && event.isOnDisk));
  await during.close({ waitMs: 0 });
  rmSync(stuffing);
  const after = await open();
  const token = await after.token('car');
  assert.equal(server.requests().length, 1);
  assert.notEqual(await after.token('car', { rejected: token }), token);
});
