import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { OperatorError } from '@keyfob/server/errors';
import { migrate, openConnections, POOL_LIMITS, readSchema } from '@keyfob/server/stores/postgres';
import type { Migration } from '@keyfob/server/stores/postgres';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';

const TITLE = 'migrations of a PostgreSQL schema';

/** Two steps that only add, and one that removes what the first version needs. */
const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: '0001-first',
    servesFrom: 1,
    sql: 'CREATE TABLE cars (id bigint PRIMARY KEY, old text)',
  },
  { number: 2, name: '0002-expand', servesFrom: 1, sql: 'ALTER TABLE cars ADD COLUMN new text' },
  { number: 3, name: '0003-contract', servesFrom: 2, sql: 'ALTER TABLE cars DROP COLUMN old' },
];
const [OLD, EXPANDED] = [MIGRATIONS.slice(0, 1), MIGRATIONS.slice(0, 2)];
const BROKEN: Migration = {
  number: 2,
  name: '0002-broken',
  servesFrom: 1,
  sql: 'CREATE TABLE extra (); SELECT 1 / 0',
};

const started = await startCluster();
if ('reason' in started) test(TITLE, { skip: started.reason }, () => {});
else {
  after(() => started.remove());
  describe(TITLE, () => tryMigrations(started));
}

function tryMigrations(cluster: Cluster): void {
  const open = async (database: string, count: number) => {
    await cluster.createDatabase(database);
    return Array.from({ length: count }, () => openConnections(cluster.url(database), POOL_LIMITS));
  };
  const columns = async (database: string): Promise<readonly string[]> =>
    (
      await cluster.ask<{ readonly name: string }>(
        "SELECT attname AS name FROM pg_attribute WHERE attrelid = 'cars'::regclass AND attnum > 0 AND NOT attisdropped",
        database,
      )
    ).map(({ name }) => name);

  test('Several nodes that migrate at once apply every step once.', async () => {
    const nodes = await open('at_once', 5);
    const outcomes = await Promise.all(nodes.map((node) => migrate(node, MIGRATIONS)));
    assert.deepEqual(new Set(outcomes.map(({ to }) => to)), new Set([3]));
    assert.deepEqual(await columns('at_once'), ['id', 'new']);
    const steps = await cluster.ask(
      'SELECT name FROM keyfob_schema WHERE number > 0 ORDER BY number',
      'at_once',
    );
    assert.deepEqual(
      steps,
      MIGRATIONS.map(({ name }) => ({ name })),
    );
    await Promise.all(nodes.map((node) => node.close()));
  });

  test('A version serves a newer schema until a step removes what it needs.', async () => {
    const [node] = await open('upgraded', 1);
    assert.ok(node);
    assert.equal(await readSchema(node, OLD), 0);
    assert.deepEqual(await migrate(node, OLD), { from: 0, to: 1 });
    assert.deepEqual(await migrate(node, EXPANDED), { from: 1, to: 2 });
    assert.deepEqual(await migrate(node, OLD), { from: 2, to: 2 });
    assert.deepEqual(await migrate(node, MIGRATIONS), { from: 2, to: 3 });
    assert.equal(await readSchema(node, EXPANDED), 3);
    for (const use of [readSchema, migrate])
      await assert.rejects(use(node, OLD), (error) => {
        assert.ok(error instanceof OperatorError);
        return error.code === 'store_newer';
      });
    await node.close();
  });

  test('A step that fails leaves the schema as it was, and a later version of it succeeds.', async () => {
    const [node] = await open('broken', 1);
    assert.ok(node);
    await migrate(node, OLD);
    await assert.rejects(migrate(node, [...OLD, BROKEN]));
    assert.equal(await readSchema(node, OLD), 1);
    assert.deepEqual(await columns('broken'), ['id', 'old']);
    assert.deepEqual(await migrate(node, EXPANDED), { from: 1, to: 2 });
    await node.close();
  });
}
