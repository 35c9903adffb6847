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
  fill,
  listAll,
  NOW_MS,
  OTHER_CALLER,
  refreshed,
  sampleGrant,
  sampleUse,
} from '../support/samples.ts';

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

  restoreSqliteStore(path, late);
  assert.deepEqual(await listAll(serving, 10), before);
  await serving.createGrant(sampleGrant({ id: 45n, scope: 'control_security' }));
  assert.equal((await serving.readGrant(45n))?.scope, 'control_security');
  await serving.close();
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

  restoreSqliteStore(path, backup);
  assert.deepEqual((await store.readGrant(sampleGrant().id))?.revocation, newest?.revocation);
  await store.close();
});
