import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { TRIALS } from './run.ts';
import { TEST_TIMEOUT, runInTest } from './run-in-test.ts';

test(
  'a server that is killed 12 times under refresh load loses no grant, and no token works twice',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'kill', { count: 12, grants: 42 });
    assert.ok(figures !== undefined && figures.answersLost > 0, 'the kills must interrupt calls');
  },
);

test(
  'a server that is killed 5 times during code exchanges makes no owner consent twice, and no code gives two grants',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'codes', { count: 5, grants: 12 });
    assert.ok(
      figures !== undefined && (figures.more['requestsLost'] ?? 0) > 0,
      'the kills must interrupt requests',
    );
  },
);

test('a server that is paused for longer than the overlap loses no grant', TEST_TIMEOUT, async (t) => {
  const figures = await runInTest(t, 'stop', { count: 2 });
  assert.ok(
    figures !== undefined && figures.answersLost > 0,
    'the clients with a short timeout must give up on some calls',
  );
  assert.deepEqual(Object.keys(figures.statuses), ['200']);
});

test(
  'a full disk gives 503 in both dialects, and no grant is lost once there is space again',
  TEST_TIMEOUT,
  async (t) => {
    await runInTest(t, 'full-disk', { count: 2 });
  },
);

test(
  'a data directory that becomes read-only gives 503 in both dialects, and no grant is lost',
  TEST_TIMEOUT,
  async (t) => {
    await runInTest(t, 'read-only', { count: 2 });
  },
);

test('a truncated answer loses a grant only if the policy allows no repeat', TEST_TIMEOUT, async (t) => {
  const figures = await runInTest(t, 'cut', { count: 100 });
  assert.ok(figures !== undefined);
  assert.equal(figures.more['answersCut'], figures.answersLost);
  assert.equal(figures.more['strictGrantsCut'], figures.grantsLostToACutAnswer);
  assert.ok(figures.grantsLostToACutAnswer > 0, 'some truncated answers must belong to strict grants');
});

test('--help lists every trial and option', () => {
  const script = fileURLToPath(new URL('run.ts', import.meta.url));
  const help = execFileSync(process.execPath, ['--conditions=keyfob-source', script, '--help'], {
    encoding: 'utf8',
  });
  for (const word of [
    ...Object.keys(TRIALS),
    '--store',
    '--count',
    '--kills',
    '--grants',
    '--seed',
    '--json',
  ])
    assert.ok(help.includes(word), word);
});

test(
  'while 20 connections flood the server and read nothing, another client refreshes, and memory stays bounded',
  TEST_TIMEOUT,
  async (t) => {
    const figures = await runInTest(t, 'flood', { count: 20 });
    assert.deepEqual(Object.keys(figures?.statuses ?? {}), ['200']);
  },
);
