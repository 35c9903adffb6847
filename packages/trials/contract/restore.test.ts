import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  backupSqliteStore,
  openSqliteStore,
  placeSqliteStore,
  restoreSqliteStore,
} from '@keyfob/server/stores';
import {
  CALLER,
  CREATED_AT_MS,
  fill,
  listAll,
  NOW_MS,
  OTHER_CALLER,
  refreshed,
  sampleGrant,
  sampleUse,
  STRICT_POLICY,
} from '../support/samples.ts';
import { fillWithAll, readAll, useOf } from '../support/filled-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'keyfob-restore-'));
after(() => rmSync(directory, { recursive: true, force: true }));

test('Grants keep their scopes and callers in a restore from a backup that numbers them differently.', async () => {
  const path = join(directory, 'keyfob.db');
  const early = join(directory, 'early.db');
  const late = join(directory, 'late.db');
  const first = openSqliteStore(path);
  await fill(first, {}, { scope: 'read_odometer' });
  await backupSqliteStore(path, early, () => {});
  await first.createGrant(sampleGrant({ id: 43n, scope: 'read_charge' }));
  await refreshed(first, sampleUse(0, { presented: { grantId: 43n }, caller: CALLER }));
  const before = await listAll(first, 10);
  await backupSqliteStore(path, late, () => {});
  await first.close();

  // The store continues from the early backup and assigns numbers that the late backup uses for other rows.
  placeSqliteStore(path, early, join(directory, 'aside'));
  const serving = openSqliteStore(path);
  await serving.createGrant(sampleGrant({ id: 44n, scope: 'control_security' }));
  await refreshed(serving, sampleUse(0, { presented: { grantId: 44n }, caller: OTHER_CALLER }));
  assert.equal((await serving.readGrant(44n))?.scope, 'control_security');

  restoreSqliteStore(path, late, NOW_MS);
  assert.deepEqual(await listAll(serving, 10), before);
  await serving.createGrant(sampleGrant({ id: 45n, scope: 'control_security' }));
  assert.equal((await serving.readGrant(45n))?.scope, 'control_security');
  await serving.close();
});

const paths = (name: string): readonly [store: string, backup: string] => [
  join(directory, `${name}.db`),
  join(directory, `${name}-backup.db`),
];

test('A token that was used since the backup stays used: each grant keeps the higher generation, its key and its history.', async () => {
  const [path, backup] = paths('used');
  const store = openSqliteStore(path);
  await fill(store, STRICT_POLICY);
  await refreshed(store, sampleUse(0));
  await backupSqliteStore(path, backup, () => {});
  for (const generation of [1, 2, 3]) {
    const nowMs = NOW_MS + generation * 60_000;
    const presented = { useDigest: Uint8Array.of(generation) };
    await refreshed(store, sampleUse(generation, { nowMs, keyNumber: 2, caller: OTHER_CALLER, presented }));
  }
  const before = await store.readGrant(sampleGrant().id);

  assert.equal(restoreSqliteStore(path, backup, NOW_MS).rotationsKept, 1);
  assert.deepEqual(await store.readGrant(sampleGrant().id), before);
  const { verdict } = await refreshed(store, sampleUse(2, { nowMs: NOW_MS + 3_600_000 }));
  assert.deepEqual(verdict, { kind: 'replay', gap: 2, response: 'revoke' });
  const replay = await store.readReplay(sampleGrant().id);
  assert.ok(replay !== undefined);
  restoreSqliteStore(path, backup, NOW_MS);
  assert.deepEqual(await store.readReplay(sampleGrant().id), replay);
  assert.equal((await store.readGrant(sampleGrant().id))?.revocation?.cause, 'replay');
  await store.close();
});

test('A used imported token stays used.', async () => {
  const [path, backup] = paths('imported');
  const store = openSqliteStore(path);
  await fillWithAll(store, 0);
  await backupSqliteStore(path, backup, () => {});
  const use = useOf('unused');
  assert.equal((await refreshed(store, use)).verdict.kind, 'rotate');
  restoreSqliteStore(path, backup, NOW_MS);
  const later = useOf('unused', { nowMs: NOW_MS + 3_600_000 }, { useDigest: undefined });
  assert.equal((await refreshed(store, later)).verdict.kind, 'replay');
  await store.close();
});

/** A grant of every filled store that was never refreshed. */
const PLAIN = 2n ** 63n - 1n;

test('A backup that is newer than the store, because the store was restored from an older one, gives everything that it has.', async () => {
  const [path, late] = paths('rolled-back');
  const early = join(directory, 'rolled-back-early.db');
  const first = openSqliteStore(path);
  await fillWithAll(first, 0);
  await backupSqliteStore(path, early, () => {});
  await refreshed(first, sampleUse(0, { presented: { grantId: PLAIN } }));
  await first.revoke(7n, { nowMs: NOW_MS, cause: 'owner' });
  await first.changeClient('client-i', { disabledAtMs: CREATED_AT_MS });
  await first.removeSecret('client-a', 'two');
  await first.createGrant(sampleGrant({ id: 77n }));
  const events = (await first.listGrantEvents({ after: 0, limit: 1000 })).map(({ id }) => id);
  const further = await first.readGrant(PLAIN);
  assert.equal(further?.generation, 1);
  await backupSqliteStore(path, late, () => {});
  await first.close();

  placeSqliteStore(path, early, join(directory, 'rolled-back-aside'));
  const store = openSqliteStore(path);
  await store.changeClient('client-a', { disabledAtMs: CREATED_AT_MS + 1 });
  const restored = restoreSqliteStore(path, late, NOW_MS);
  const { newer, rotationsKept, clientsKeptDisabled, grantsBroughtBack } = restored;
  assert.deepEqual(
    { newer, rotationsKept, clientsKeptDisabled, grantsBroughtBack },
    { newer: 'backup', rotationsKept: 0, clientsKeptDisabled: 1, grantsBroughtBack: [] },
  );
  assert.deepEqual(await store.readGrant(PLAIN), further);
  assert.equal((await store.readGrant(7n))?.revocation?.cause, 'owner');
  assert.notEqual(await store.readGrant(77n), undefined);
  const clients = new Map((await store.listClients()).map((client) => [client.id, client]));
  assert.notEqual(clients.get('client-a')?.disabledAtMs, undefined);
  assert.notEqual(clients.get('client-i')?.disabledAtMs, undefined);
  assert.deepEqual(
    clients.get('client-a')?.secrets.map(({ id }) => id),
    ['one'],
  );
  const eventsAfter = (await store.listGrantEvents({ after: 0, limit: 1000 })).map(({ id }) => id);
  assert.deepEqual(eventsAfter, events);
  await store.close();
});

test('A new and empty store takes everything from the backup, and disables no client.', async () => {
  const [path, backup] = paths('new');
  const source = openSqliteStore(join(directory, 'source.db'));
  await fillWithAll(source, 5);
  await backupSqliteStore(join(directory, 'source.db'), backup, () => {});
  const store = openSqliteStore(path);
  restoreSqliteStore(path, backup, NOW_MS);
  assert.deepEqual(await readAll(store), await readAll(source));
  await source.close();
  await store.close();
});

test('Grants that the newer store no longer had come back, and are named.', async () => {
  const [path, backup] = paths('pruned');
  const store = openSqliteStore(path);
  await fill(store);
  await store.createGrant(sampleGrant({ id: 43n }));
  await backupSqliteStore(path, backup, () => {});
  await store.revoke(43n, { nowMs: CREATED_AT_MS, cause: 'operator' });
  await store.prune({ limit: 9, endedBeforeMs: CREATED_AT_MS + 1000 });
  const { newer, grantsBroughtBack } = restoreSqliteStore(path, backup, NOW_MS);
  assert.deepEqual([newer, grantsBroughtBack], ['store', ['000000000000002b']]);
  await store.close();
});

test('A client that was removed since is disabled no earlier than a server noted the time.', async () => {
  for (const [seenAtMs, expectedMs] of [
    [undefined, NOW_MS],
    [NOW_MS + 5000, NOW_MS + 5000],
  ] as const) {
    const [path, backup] = paths(`removed-${expectedMs}`);
    const store = openSqliteStore(path);
    await fill(store);
    await backupSqliteStore(path, backup, () => {});
    await store.removeClient('client-a', { withGrants: true });
    if (seenAtMs !== undefined) await store.noteClock(seenAtMs);
    restoreSqliteStore(path, backup, NOW_MS);
    assert.equal((await store.readClient('client-a')).client?.disabledAtMs, expectedMs);
    await store.close();
  }
});

test('A grant that was revoked again since the backup keeps its newest revocation.', async () => {
  const path = join(directory, 'revoked.db');
  const backup = join(directory, 'revoked-backup.db');
  const store = openSqliteStore(path);
  await fill(store);
  await store.revoke(sampleGrant().id, { nowMs: NOW_MS, cause: 'owner' });
  await backupSqliteStore(path, backup, () => {});
  await store.reinstate(sampleGrant().id, { nowMs: NOW_MS + 1000 });
  await store.revoke(sampleGrant().id, { nowMs: NOW_MS + 2000, cause: 'operator' });
  const newest = await store.readGrant(sampleGrant().id);

  restoreSqliteStore(path, backup, NOW_MS);
  assert.deepEqual((await store.readGrant(sampleGrant().id))?.revocation, newest?.revocation);
  await store.close();
});

const key = (number: number) =>
  ({ number, purpose: 'seal', createdAtMs: CREATED_AT_MS, fingerprint: String(number) }) as const;

test('A key that is compromised or retired in the store or in the backup stays so in a restore.', async () => {
  const [path, backup] = paths('withdrawn');
  const store = openSqliteStore(path);
  for (const number of [1, 2, 3, 4]) await store.registerKey(key(number));
  const compromised = { state: 'compromised', atMs: NOW_MS, opensUntilMs: NOW_MS + 1000 } as const;
  const retired = { state: 'retired', atMs: NOW_MS } as const;
  await store.withdrawKey(1, compromised);
  await store.withdrawKey(2, compromised);
  await backupSqliteStore(path, backup, () => {});
  await store.withdrawKey(2, retired);
  await store.withdrawKey(3, compromised);
  const expected = await store.listKeys();
  restoreSqliteStore(path, backup, NOW_MS);
  assert.deepEqual(await store.listKeys(), expected);
  assert.deepEqual((await store.readClient('')).keys, expected);
  await store.close();

  // Into a newer store, which knows nothing of it.
  const [newPath] = paths('withdrawn-new');
  const newer = openSqliteStore(newPath);
  for (const number of [1, 2, 3, 4]) await newer.registerKey(key(number));
  assert.equal((await newer.readClient('')).keys[3]?.withdrawal, undefined);
  restoreSqliteStore(newPath, backup, NOW_MS);
  assert.deepEqual((await newer.readClient('')).keys, [
    key(4),
    key(3),
    { ...key(2), withdrawal: compromised },
    { ...key(1), withdrawal: compromised },
  ]);
  await newer.close();
});
