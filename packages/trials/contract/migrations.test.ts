import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import type { Client } from '@keyfob/server/clients';
import type { Grant } from '@keyfob/server/grants';
import { openSqliteStore } from '@keyfob/server/stores';
import {
  CREATED_AT,
  listAll,
  OVERLAP_POLICY,
  refreshed,
  sampleSecret,
  sampleUse,
  STRICT_POLICY,
} from '../support/samples.ts';

const SCHEMAS = new URL('./schemas/', import.meta.url);
const FIXTURES = readdirSync(SCHEMAS)
  .sort()
  .map((name) => ({
    schema: Number(/\d+/.exec(name)?.[0]),
    sql: readFileSync(new URL(name, SCHEMAS), 'utf8'),
  }));

const directory = mkdtempSync(join(tmpdir(), 'keyfob-migrations-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** A store of an older schema, written without the server. */
const writeOldStore = ({ schema, sql }: (typeof FIXTURES)[number], name: string): string => {
  const path = join(directory, `${name}-${schema}.db`);
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; ${sql}`);
  database.close();
  return path;
};

const read = <Result>(path: string, work: (database: DatabaseSync) => Result): Result => {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
};

/** Everything that a schema consists of, in SQLite's words, but for comments and the room between words. */
const describeSchema = (path: string): readonly string[] =>
  read(path, (database) =>
    database
      .prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name')
      .all()
      .map((row) => Object.values(row).join(' ').replace(/--.*$/gm, '').replace(/\s+/g, ' ')),
  );

const schemaOf = (path: string): number =>
  read(path, (database) => Number(database.prepare('PRAGMA user_version').get()?.['user_version']));

const CALLER = { address: '192.0.2.7', userAgent: 'charge-planner/2.1' };
const ROTATED_AT_MS = 1_750_086_400_000;
const OWNERS: readonly Grant[] = [
  {
    id: -9_000_000_000_000_000_001n,
    clientId: 'client-a',
    subject: 'owner-2',
    scope: 'read_odometer',
    brand: undefined,
    createdAt: 1_750_000_000,
    generation: 0,
    keyNumber: 1,
    rotatedAtMs: [],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: { at: 1_750_000_500, cause: 'operator' },
  },
  {
    id: 42n,
    clientId: 'client-a',
    subject: 'owner-1',
    scope: 'read_odometer',
    brand: undefined,
    createdAt: 1_750_000_000,
    generation: 2,
    keyNumber: 1,
    rotatedAtMs: [ROTATED_AT_MS, ROTATED_AT_MS + 1000],
    rotatedBy: CALLER,
    useDigest: Uint8Array.from({ length: 16 }, (_, index) => 15 - index),
    revocation: undefined,
  },
  {
    id: 9_000_000_000_000_000_002n,
    clientId: 'client-b',
    subject: 'owner-3',
    scope: 'odometer',
    brand: 'kia',
    createdAt: 1_750_000_000,
    generation: 7,
    keyNumber: 2,
    rotatedAtMs: [ROTATED_AT_MS],
    rotatedBy: CALLER,
    useDigest: undefined,
    revocation: { at: 1_750_000_600, cause: 'replay' },
  },
];

const digestFrom = (first: number) =>
  Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? first : index));

/** What a client was before schema 4 told clients apart. */
const BEFORE_CONSENT = { type: 'confidential', redirectUris: [], consentRedirectUri: undefined } as const;

const CLIENTS: readonly Client[] = [
  {
    ...BEFORE_CONSENT,
    id: 'client-a',
    dialect: 'smartcar',
    name: 'Charge planner',
    policy: OVERLAP_POLICY,
    createdAt: 1_750_000_000,
    disabledAt: undefined,
    secrets: [
      sampleSecret('secret-1', { digest: digestFrom(0) }),
      sampleSecret('secret-2', {
        name: 'next',
        digest: digestFrom(255),
        createdAt: 1_750_000_003,
        expiresAt: 1_760_000_000,
      }),
    ],
  },
  {
    ...BEFORE_CONSENT,
    id: 'client-b',
    dialect: 'pleos',
    name: 'Näher 🚗',
    policy: STRICT_POLICY,
    createdAt: 1_750_000_001,
    disabledAt: 1_750_000_002,
    secrets: [],
  },
];

/** Since schema 2 a grant knows who made its generation, and what was replayed. */
const ownersOf = (schema: number): readonly Grant[] =>
  schema >= 2 ? OWNERS : OWNERS.map((grant) => ({ ...grant, rotatedBy: undefined }));

describe('the migration of a SQLite store', () => {
  const fresh = join(directory, 'fresh.db');
  after(() => rmSync(fresh, { force: true }));

  test('There is an example store of every older schema.', async () => {
    await openSqliteStore(fresh).close();
    const older = Array.from({ length: schemaOf(fresh) - 1 }, (_, index) => index + 1);
    const there = new Set(FIXTURES.map(({ schema }) => schema));
    const missing = older.filter((schema) => !there.has(schema));
    assert.deepEqual(missing, [], 'write contract/schemas/schema-N.sql for these');
  });

  for (const fixture of FIXTURES) {
    const { schema } = fixture;

    test(`A store of schema ${schema} keeps everything that it holds.`, async () => {
      const path = writeOldStore(fixture, 'kept');
      for (let opening = 0; opening < 2; opening++) {
        const store = openSqliteStore(path);
        assert.deepEqual(await store.listClients(), CLIENTS);
        assert.deepEqual(await listAll(store, 2), ownersOf(schema));
        const keys = (await store.listKeys()).map(({ number, fingerprint }) => [number, fingerprint]);
        assert.deepEqual(keys, [
          [2, '2'.repeat(32)],
          [1, '1'.repeat(32)],
        ]);
        const replay = await store.readReplay(9_000_000_000_000_000_002n);
        assert.equal(replay?.times, schema >= 2 ? 3 : undefined);
        await store.close();
      }
    });

    test(`Every verb works on the content of a store of schema ${schema}.`, async () => {
      const store = openSqliteStore(writeOldStore(fixture, 'used'));
      const use = { nowMs: ROTATED_AT_MS + 2000 };
      assert.equal((await refreshed(store, sampleUse(1, use))).verdict.kind, 'repeat');
      assert.equal((await refreshed(store, sampleUse(2, use))).grant?.generation, 3);
      const late = { nowMs: ROTATED_AT_MS + 10 ** 7 };
      assert.equal((await refreshed(store, sampleUse(1, late))).verdict.kind, 'replay');
      assert.equal((await store.readReplay(42n))?.times, 1);
      assert.equal(await store.reinstate(42n, { nowMs: CREATED_AT * 1000 }), 'reinstated');
      assert.equal(await store.addSecret('client-b', sampleSecret('new')), 'added');
      assert.equal((await store.prune({ limit: 10, endedBeforeMs: 1_750_000_601 * 1000 })).pruned, 2);
      assert.equal(await store.removeClient('client-a', { withGrants: true }), 'removed');
      await store.close();
    });

    test(`A store that is migrated from schema ${schema} has the same schema as a new one.`, async () => {
      const path = writeOldStore(fixture, 'compared');
      await openSqliteStore(path).close();
      await openSqliteStore(fresh).close();
      assert.equal(schemaOf(path), schemaOf(fresh));
      assert.deepEqual(describeSchema(path), describeSchema(fresh));
    });

    test(`Two connections may open a store of schema ${schema} at once.`, async () => {
      const path = writeOldStore(fixture, 'twice');
      const [one, other] = [openSqliteStore(path), openSqliteStore(path)];
      await one.reinstate(OWNERS[0]?.id ?? 0n, { nowMs: CREATED_AT * 1000 });
      assert.equal((await other.readGrant(OWNERS[0]?.id ?? 0n))?.revocation, undefined);
      await Promise.all([one.close(), other.close()]);
    });
  }

  test('An empty file becomes a store.', async () => {
    const path = join(directory, 'empty.db');
    new DatabaseSync(path).close();
    const store = openSqliteStore(path);
    assert.deepEqual(await store.listClients(), []);
    await store.close();
  });
});
