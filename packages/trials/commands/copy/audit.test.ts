import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { test } from 'node:test';
import { verifyAudit } from '@keyfob/server';
import type { NewAuditEntry } from '@keyfob/server/operators';
import { NOW_MS, sampleClient } from '../../support/samples.ts';
import { directoryFor, runOn } from '../../support/test-directory.ts';
import { copy, prepareStorePairs } from './store-pairs.ts';

const entry = (action: string): NewAuditEntry => ({
  atMs: NOW_MS,
  operator: { kind: 'key', id: 'k1', name: 'helpdesk', role: 'support' },
  action,
  target: 'grant:1',
  reason: 'a test',
  requestId: 'r1',
  outcome: 'asked',
  details: '{"state":"new"}',
});

for (const { way, makeFrom, makeTo, skip } of await prepareStorePairs())
  test(`A copy ${way} takes the audit log along, and its chain goes on there.`, { skip }, async () => {
    const [from, to] = [await makeFrom(), await makeTo()];
    const store = await from.openStore();
    await store.createClient(sampleClient());
    for (const action of ['one', 'two']) await store.appendAudit(entry(action));
    await store.appendAudit({ ...entry('three'), target: '', details: '{"grants":["2","1"]}' });
    const head = await store.readAuditHead();
    await store.close();
    await copy(from, to);
    const there = await to.openStore();
    await there.appendAudit(entry('four'));
    for (const [target, sequences] of [
      ['grant:1', [4, 3, 2, 1]],
      ['grant:2', [3]],
    ] as const) {
      const found = await there.listAudit({ before: 9, limit: 9, target });
      assert.deepEqual(
        found.map(({ sequence }) => sequence),
        sequences,
      );
    }
    const verified = await verifyAudit({ store: there }, head);
    assert.deepEqual([verified.fault, verified.entries], [undefined, 4]);
    await there.close();
  });

/** Makes a store with so many entries in its audit log. */
const fill = async (directory: string, count: number): Promise<void> => {
  for (let made = 0; made < count; made++) {
    const words = ['client', 'create', '--create-store', '--dialect', 'oauth', '--name', `client ${made}`];
    assert.equal((await runOn(directory, ...words)).code, 0);
  }
};

/** How many entries the audit log has; its chain must be whole. */
const entriesOf = async (directory: string): Promise<unknown> => {
  const { stdout, code } = await runOn(directory, 'audit', 'verify', '--json');
  assert.equal(code, 0);
  return (JSON.parse(stdout) as { readonly entries: number }).entries;
};

test('A restore keeps the longer audit log, and brings it into a new store.', async (t) => {
  const [old, fresh] = [directoryFor(t), directoryFor(t)];
  await fill(old, 2);
  const file = `${fresh}/backup.db`;
  assert.equal((await runOn(old, 'backup', file)).code, 0);
  await fill(old, 1);
  // Three clients, and the backup.
  assert.equal(await entriesOf(old), 4);
  const restored = await runOn(old, 'restore', file);
  assert.equal(restored.code, 0, restored.stderr);
  assert.equal(await entriesOf(old), 5);
  copyFileSync(`${old}/keyfob.key`, `${fresh}/keyfob.key`);
  const elsewhere = await runOn(fresh, 'restore', file);
  assert.equal(elsewhere.code, 0, elsewhere.stderr);
  assert.equal(await entriesOf(fresh), 4);
});
