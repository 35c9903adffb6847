import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { StoreError } from '@keyfob/server/errors';
import { openSqliteStore } from '@keyfob/server/stores';
import { consentTo } from '../support/consent-to.ts';
import {
  CREATED_AT_MS,
  fill,
  NOW_MS,
  redeemed,
  refreshed,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleSecret,
  sampleUse,
} from '../support/samples.ts';
import { describeStore } from './store-contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'keyfob-contract-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let count = 0;
const currentPath = (): string => join(directory, `keyfob-${count}.db`);
const nextPath = (): string => {
  count++;
  return currentPath();
};

describeStore('SQLite', {
  open: async () => openSqliteStore(nextPath()),
  reopen: async () => openSqliteStore(currentPath()),
  openSecond: async () => openSqliteStore(currentPath()),
});

test('A withdrawal that fails at one grant takes nothing from the others, and drops no code.', async () => {
  const path = nextPath();
  const store = openSqliteStore(path);
  await store.createClient(sampleClient());
  for (const grantId of [1n, 2n]) await consentTo(store, [], { grantId });
  await store.createCode(sampleCode({ grantId: 3n }));
  const other = new DatabaseSync(path);
  other.exec(`CREATE TRIGGER second BEFORE UPDATE OF revoked_at_ms ON grants WHEN NEW.id = 2
    BEGIN SELECT RAISE(ABORT, 'a test'); END`);
  other.close();
  const sharing = { subject: 'owner-1', clientId: 'client-a', brand: undefined };
  const all = { sharing, vehicleId: undefined, endsWhenEmpty: true };
  await assert.rejects(store.withdraw(all, { nowMs: NOW_MS + 5000 }), StoreError);
  for (const grantId of [1n, 2n]) assert.equal((await store.readGrant(grantId))?.revocation, undefined);
  assert.equal((await redeemed(store, sampleCodeUse({ presented: { grantId: 3n } }))).verdict.kind, 'redeem');
  await store.close();
});

test('When a refresh fails, each other refresh of the same commit is either done, or unavailable and undone.', async () => {
  const path = nextPath();
  const store = openSqliteStore(path);
  await fill(store);
  const ids = Array.from({ length: 10 }, (_, index) => BigInt(index));
  for (const id of ids) await store.createGrant(sampleGrant({ id }));
  const writer = new DatabaseSync(path);
  writer.exec("UPDATE grants SET revoked_at_ms = 1, revocation_cause = 'no such cause' WHERE id = 5");
  writer.close();
  const refresh = (grantId: bigint) => refreshed(store, sampleUse(0, { presented: { grantId } }));
  const results = await Promise.allSettled(ids.map(refresh));
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected') {
      assert.ok(result.reason instanceof StoreError);
      assert.equal(result.reason.kind, 'unavailable');
    }
    if (index === 5) assert.equal(result.status, 'rejected');
    else
      assert.equal((await store.readGrant(BigInt(index)))?.generation, result.status === 'rejected' ? 0 : 1);
  }
  for (const id of ids.filter((one) => one !== 5n)) assert.equal((await refresh(id)).grant?.generation, 1);
  await assert.rejects(refresh(5n), StoreError);
  await store.close();
});

test('A caller that is stored in a commit that is undone is stored again by the next one.', async () => {
  const path = nextPath();
  const store = openSqliteStore(path);
  await fill(store);
  await store.createGrant(sampleGrant({ id: 5n }));
  const writer = new DatabaseSync(path);
  writer.exec("UPDATE grants SET revoked_at_ms = 1, revocation_cause = 'no such cause' WHERE id = 5");
  writer.close();
  const failing = { presented: { grantId: 5n } };
  await Promise.allSettled([store.refresh(sampleUse(0)), store.refresh(sampleUse(0, failing))]);
  const before = await store.readGrant(42n);
  const { grant } = await refreshed(store, sampleUse(before?.generation ?? 0, { nowMs: NOW_MS + 1 }));
  assert.notEqual(grant?.rotatedBy, undefined);
  assert.deepEqual(await store.readGrant(42n), grant);
  await store.close();
});

test('A batch waits for another writer without blocking, and continues when the writer has finished.', async () => {
  const path = nextPath();
  const store = openSqliteStore(path);
  await fill(store);
  const writer = new DatabaseSync(path);
  writer.exec('BEGIN IMMEDIATE');
  const revoked = store.revoke(42n, { nowMs: CREATED_AT_MS, cause: 'operator' });
  // The writer finishes in a later turn of the same thread, so a wait that blocks the thread would never end.
  setImmediate(() => setImmediate(() => writer.isOpen && writer.exec('ROLLBACK')));
  try {
    assert.equal(await revoked, 'revoked');
  } finally {
    await store.close();
    writer.close();
  }
});

test('A reader that keeps an old snapshot does not delay refreshes or change what they see.', async () => {
  const path = nextPath();
  const store = openSqliteStore(path);
  await fill(store);
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM grants').get();
  for (let at = 0; at < 50; at++) await refreshed(store, sampleUse(at, { nowMs: NOW_MS + at }));
  assert.equal((await store.readGrant(42n))?.generation, 50);
  assert.equal(reader.prepare('SELECT generation FROM grants').get()?.['generation'], 0);
  reader.exec('ROLLBACK');
  reader.close();
  await store.close();
});

test('Recording a use of a secret does not change the revision of its client, so no server reads the client again.', async () => {
  const path = nextPath();
  const store = openSqliteStore(path);
  await store.createClient(sampleClient({ secrets: [sampleSecret('one')] }));
  const reader = new DatabaseSync(path, { readOnly: true });
  const revision = () => reader.prepare('SELECT revision FROM clients').get()?.['revision'];
  const before = revision();
  await store.noteSecretUse('client-a', 'one', CREATED_AT_MS + 60_000);
  assert.equal(revision(), before);
  reader.close();
  await store.close();
});
