import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TEST_TIMEOUT, runInTest } from './run-in-test.ts';

const store = 'postgres';

test(
  'On PostgreSQL, a server that is killed 5 times loses no grant, and no token works twice.',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'kill', { store, count: 5, grants: 42 });
    assert.ok(figures === undefined || figures.answersLost > 0, 'the kills must interrupt calls');
  },
);

test(
  'On PostgreSQL, a server that is killed 3 times during code exchanges makes no owner consent twice, and no code gives two grants.',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'codes', { store, count: 3, grants: 8 });
    assert.ok(
      figures === undefined || (figures.more['requestsLost'] ?? 0) > 0,
      'the kills must interrupt requests',
    );
  },
);

test(
  'On PostgreSQL, 20 truncated answers lose a grant only if its policy allows no repeat.',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'cut', { store, count: 20 });
    assert.equal(figures?.more['strictGrantsCut'], figures?.grantsLostToACutAnswer);
  },
);

test(
  'Killing PostgreSQL under two servers gives 503 in both dialects and loses no grant; no server restarts.',
  TEST_TIMEOUT,
  async (t) => {
    await runInTest(t, 'database', { count: 2 });
  },
);

test(
  'A full disk under PostgreSQL gives 503 in both dialects, and no grant is lost once there is space again.',
  TEST_TIMEOUT,
  async (t) => {
    await runInTest(t, 'database-disk', { count: 1 });
  },
);

test(
  'Behind the proxy of compose, a node that is killed under refresh load costs no grant, and its clients see an outage.',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'proxied', { count: 1, grants: 14 });
    assert.ok(figures === undefined || (figures.statuses['200'] ?? 0) > 0);
  },
);

test(
  'After promotion of an asynchronous standby without the newest refreshes, every grant continues by resync.',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'failover', { count: 1, grants: 20 });
    assert.ok(figures === undefined || (figures.more['resynced'] ?? 0) > 0);
    assert.equal(figures?.statuses['400'], undefined);
  },
);

test(
  'After promotion of a synchronous standby, disconnected before or not, no grant resyncs.',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'synchronous-failover', { count: 2 });
    assert.ok(figures === undefined || figures.more['resynced'] === 0);
  },
);
