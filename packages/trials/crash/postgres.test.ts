import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HUNG, runInTest } from './run-in-test.ts';

const store = 'postgres';

test(
  'On PostgreSQL, 5 times kill -9 of the server lose no grant and make no token work twice.',
  HUNG,
  async (t) => {
    const figures = await runInTest(t, 'kill', { store, count: 5, grants: 42 });
    assert.ok(figures === undefined || figures.answersLost > 0, 'the kills must cut calls off');
  },
);

test(
  'On PostgreSQL, 3 times kill -9 while codes are exchanged ask no owner twice and give no code two grants.',
  HUNG,
  async (t) => {
    const figures = await runInTest(t, 'codes', { store, count: 3, grants: 8 });
    assert.ok(figures === undefined || (figures.more['requestsLost'] ?? 0) > 0, 'requests must be cut off');
  },
);

test(
  'On PostgreSQL, 20 answers that are cut in their bodies cost a grant only if its policy has no repeat.',
  HUNG,
  async (t) => {
    const figures = await runInTest(t, 'cut', { store, count: 20 });
    assert.equal(figures?.more['strictGrantsCut'], figures?.grantsLostToACutAnswer);
  },
);

test(
  'PostgreSQL killed with -9 under two servers is 503 in both dialects, and costs no grant; no server is restarted.',
  HUNG,
  async (t) => {
    await runInTest(t, 'database', { count: 2 });
  },
);

test(
  'A full disk under PostgreSQL is 503 in both dialects, and costs no grant once there is room.',
  HUNG,
  async (t) => {
    await runInTest(t, 'database-disk', { count: 1 });
  },
);

test(
  'After the promotion of an asynchronous standby that lacks the newest refreshes, every grant continues by resync.',
  HUNG,
  async (t) => {
    const figures = await runInTest(t, 'failover', { count: 1, grants: 20 });
    assert.ok(figures === undefined || (figures.more['resynced'] ?? 0) > 0);
    assert.equal(figures?.statuses['400'], undefined);
  },
);

test(
  'After the promotion of a synchronous standby, cut off before or not, no grant resyncs.',
  HUNG,
  async (t) => {
    const figures = await runInTest(t, 'synchronous-failover', { count: 2 });
    assert.ok(figures === undefined || figures.more['resynced'] === 0);
  },
);
