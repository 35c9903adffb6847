import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { smartcar } from '../../dialects/smartcar/smartcar.ts';
import type { Client } from '../../clients/client.ts';
import { openDatabase } from './database.ts';
import { createGroupCommit } from './group-commit.ts';
import { createKnownClients } from './known-clients.ts';
import { openSqliteStore } from './store.ts';

const directory = mkdtempSync(join(tmpdir(), 'keyfob-known-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const CLIENT: Client = {
  id: 'client-a',
  dialect: smartcar.name,
  type: 'confidential',
  name: 'Charge planner',
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: smartcar.defaultPolicy,
  createdAtMs: 1_750_000_000_000,
  disabledAtMs: undefined,
  secrets: [],
};

const fail = (): never => {
  throw new Error('cannot be done');
};

test('A client that is disabled between two transactions of one synchronous run is disabled in the second.', async () => {
  const path = join(directory, 'keyfob.db');
  const store = openSqliteStore(path);
  await store.createClient(CLIENT);
  await store.close();
  const database = openDatabase(path, { lockTimeoutMs: 0 });
  const operator = new DatabaseSync(path);
  const known = createKnownClients(database);
  let transactions = 0;
  const commits = createGroupCommit(database, {
    lockTimeoutMs: 0,
    onBegin: known.recheck,
    onCommit() {
      transactions++;
      if (transactions === 1) operator.exec('UPDATE clients SET disabled_at_ms = 1, revision = revision + 1');
    },
    onRollback: known.forget,
  });
  const look = (): number | undefined => known.read('client-a').client?.disabledAtMs;
  // The last takes the common transaction with it, so that each gets one of its own.
  const [first, second, last] = await Promise.allSettled([look, look, fail].map((work) => commits.run(work)));
  assert.deepEqual(first, { status: 'fulfilled', value: undefined });
  assert.deepEqual(second, { status: 'fulfilled', value: 1 });
  assert.equal(last?.status, 'rejected');
  operator.close();
  database.close();
});
