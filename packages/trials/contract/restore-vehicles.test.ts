import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import {
  backupSqliteStore,
  openSqliteStore,
  placeSqliteStore,
  restoreSqliteStore,
} from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { createMemoryStore } from '../support/memory-store/store.ts';
import { consentTo } from '../support/consent-to.ts';
import {
  CREATED_AT_MS,
  NOW_MS,
  redeemed,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleVehicle,
} from '../support/samples.ts';

const directory = mkdtempSync(join(tmpdir(), 'keyfob-restore-vehicles-'));
after(() => rmSync(directory, { recursive: true, force: true }));
let stores = 0;

/** A store with one backup. */
type Trial = {
  readonly store: Store;
  backup(): Promise<void>;
  restore(): void;
};

const openSqlite = (): Trial => {
  const path = join(directory, `store-${++stores}.db`);
  const file = `${path}.backup`;
  return {
    store: openSqliteStore(path),
    backup: () => backupSqliteStore(path, file, () => {}),
    restore: () => void restoreSqliteStore(path, file, NOW_MS),
  };
};

const openMemory = (): Trial => {
  const store = createMemoryStore();
  let backup = store.snapshot();
  return {
    store,
    async backup() {
      backup = store.snapshot();
    },
    restore: () => store.restore(backup),
  };
};

const ONE = sampleVehicle(1);
const TWO = sampleVehicle(2);
const AUDIT_CONTEXT = { nowMs: NOW_MS, requestId: undefined, endsWhenEmpty: true };
const KNOWN = 42n;
const LATE = 43n;
const PRUNED = 44n;

const consentsOf = async (store: Store): Promise<readonly bigint[]> =>
  (await store.listConsents('owner-1', { limit: 9 })).map(({ id }) => id);

const sequencesOf = async (store: Store): Promise<readonly number[]> =>
  (await store.listGrantEvents({ after: 0, limit: 99 })).map(({ sequence }) => sequence);

for (const [name, open] of [
  ['SQLite', openSqlite],
  ['in memory', openMemory],
] as const)
  describe(`A restore, ${name}`, () => {
    test('does not reconnect a vehicle that was disconnected since the backup', async () => {
      const { store, backup, restore } = open();
      await store.createClient(sampleClient());
      await consentTo(store, [ONE, TWO]);
      await backup();
      await store.disconnectVehicles(KNOWN, [ONE.id], AUDIT_CONTEXT);
      restore();
      assert.deepEqual(await store.listVehicles(KNOWN), [TWO]);
      assert.equal((await store.readGrant(KNOWN))?.revocation, undefined);
      await store.close();
    });

    test('does not reactivate a grant whose last vehicle was disconnected since the backup', async () => {
      const { store, backup, restore } = open();
      await store.createClient(sampleClient());
      await consentTo(store, [ONE]);
      await backup();
      await store.disconnectVehicles(KNOWN, 'all', AUDIT_CONTEXT);
      restore();
      assert.deepEqual(await store.listVehicles(KNOWN), []);
      assert.equal((await store.readGrant(KNOWN))?.revocation?.cause, 'disconnected');
      await store.close();
    });

    test('keeps the vehicles that an owner chose since the backup', async () => {
      const { store, backup, restore } = open();
      await store.createClient(sampleClient());
      await consentTo(store, [ONE]);
      await backup();
      await store.selectVehicles(KNOWN, [TWO], AUDIT_CONTEXT);
      restore();
      assert.deepEqual(await store.listVehicles(KNOWN), [TWO]);
      assert.deepEqual(await consentsOf(store), [KNOWN]);
      await store.close();
    });

    test('brings back a grant that the store no longer knows, with its vehicles and its consent', async () => {
      const { store, backup, restore } = open();
      await store.createClient(sampleClient());
      await consentTo(store, [ONE, TWO], { grantId: PRUNED });
      await backup();
      await store.revoke(PRUNED, { nowMs: NOW_MS + 60_000, cause: 'operator' });
      await store.prune({ limit: 9, endedBeforeMs: NOW_MS + 61_000 });
      assert.deepEqual(await consentsOf(store), []);
      restore();
      assert.deepEqual(await store.listVehicles(PRUNED), [ONE, TWO]);
      assert.deepEqual(await consentsOf(store), [PRUNED]);
      await store.close();
    });

    test('keeps only the code and the grant events of a grant that was created since the backup', async () => {
      const { store, backup, restore } = open();
      await store.createClient(sampleClient());
      await consentTo(store, [ONE]);
      await backup();
      await consentTo(store, [TWO], { grantId: LATE });
      const grantEvents = await sequencesOf(store);
      restore();
      assert.equal(await store.readGrant(LATE), undefined);
      assert.deepEqual(await store.listVehicles(LATE), []);
      assert.deepEqual(await consentsOf(store), [KNOWN]);
      assert.deepEqual(await sequencesOf(store), grantEvents);
      await assert.rejects(consentTo(store, [TWO], { grantId: LATE }), /id_taken/);
      assert.equal(await store.createGrant(sampleGrant({ id: LATE, subject: 'owner-2' })), 'created');
      assert.deepEqual(await consentsOf(store), [KNOWN]);
      await store.close();
    });

    test('keeps codes that were issued since the backup, and keeps used codes used', async () => {
      const { store, backup, restore } = open();
      await store.createClient(sampleClient());
      const use = sampleCodeUse({ presented: { grantId: LATE } });
      await backup();
      await store.createCode(sampleCode({ grantId: LATE, vehicles: [ONE] }));
      restore();
      assert.equal((await redeemed(store, use)).verdict.kind, 'redeem');
      restore();
      const later = { ...use, nowMs: use.nowMs + 10_000 };
      assert.equal((await redeemed(store, later)).verdict.kind, 'replay');
      await store.close();
    });
  });

/** SQL for a webhook with one delivery that is due. The tests send nothing. */
const REGISTER = (id: string): string => `
  INSERT INTO webhooks (id, url, format, client_id, kinds, key_number, created_at_ms)
    VALUES ('${id}', 'https://hooks.example/', 'standard', NULL, '[]', 1, ${CREATED_AT_MS});
  INSERT INTO deliveries (webhook_id, grant_event, next_at_ms) VALUES ('${id}', 1, ${NOW_MS});`;

const outboxOf = (path: string): readonly string[] => {
  const database = new DatabaseSync(path);
  const rows = database
    .prepare('SELECT id FROM webhooks JOIN deliveries ON webhook_id = id ORDER BY id')
    .all();
  database.close();
  return rows.map((row) => String(row['id']));
};

const change = (path: string, sql: string): void => {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
};

describe('A restore, SQLite', () => {
  test('does not change webhooks and their deliveries', async () => {
    const path = join(directory, 'webhooks.db');
    const store = openSqliteStore(path);
    await store.createClient(sampleClient());
    await consentTo(store, [ONE]);
    change(path, REGISTER('old'));
    await backupSqliteStore(path, `${path}.backup`, () => {});
    change(path, `DELETE FROM webhooks; ${REGISTER('new')}`);
    restoreSqliteStore(path, `${path}.backup`, NOW_MS);
    await store.close();
    assert.deepEqual(outboxOf(path), ['new']);
  });

  test('takes everything from the backup if there is no store', async () => {
    const path = join(directory, 'placed.db');
    const first = openSqliteStore(path);
    await first.createClient(sampleClient());
    await consentTo(first, [ONE, TWO]);
    change(path, REGISTER('old'));
    const grantEvents = await first.listGrantEvents({ after: 0, limit: 9 });
    await backupSqliteStore(path, `${path}.backup`, () => {});
    await first.disconnectVehicles(KNOWN, 'all', AUDIT_CONTEXT);
    await first.close();
    placeSqliteStore(path, `${path}.backup`, `${path}.aside`);
    const placed = openSqliteStore(path);
    assert.deepEqual(await placed.listVehicles(KNOWN), [ONE, TWO]);
    assert.deepEqual(await consentsOf(placed), [KNOWN]);
    assert.deepEqual(await placed.listGrantEvents({ after: 0, limit: 9 }), grantEvents);
    await placed.close();
    assert.deepEqual(outboxOf(path), ['old']);
  });
});
