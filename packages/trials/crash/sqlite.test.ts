import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { TRIALS } from './run.ts';
import { HUNG, runInTest } from './run-in-test.ts';

test('25 times kill -9 under refresh load lose no grant and make no token work twice', HUNG, async (t) => {
  const figures = await runInTest(t, 'kill', { count: 25, grants: 42 });
  assert.ok(figures !== undefined && figures.answersLost > 0, 'the kills must cut calls off');
});

test(
  '8 times kill -9 while codes are exchanged ask no owner twice and give no code two grants',
  HUNG,
  async (t) => {
    const figures = await runInTest(t, 'codes', { count: 8, grants: 12 });
    assert.ok(
      figures !== undefined && (figures.more['requestsLost'] ?? 0) > 0,
      'the kills must cut requests off',
    );
  },
);

test('a server that is stopped for longer than the overlap loses no grant', HUNG, async (t) => {
  const figures = await runInTest(t, 'stop', { count: 2 });
  assert.ok(figures !== undefined && figures.answersLost > 0, 'the impatient must have given up on calls');
  assert.deepEqual(Object.keys(figures.statuses), ['200']);
});

test('a full disk is 503 in both dialects, and costs no grant once there is room', HUNG, async (t) => {
  await runInTest(t, 'full-disk', { count: 2 });
});

test(
  'a data directory that turns read-only is 503 in both dialects, and costs no grant afterwards',
  HUNG,
  async (t) => {
    await runInTest(t, 'read-only', { count: 2 });
  },
);

test(
  'an answer that is cut in its body costs a grant if its policy has no repeat, and only then',
  HUNG,
  async (t) => {
    const figures = await runInTest(t, 'cut', { count: 100 });
    assert.ok(figures !== undefined);
    assert.equal(figures.more['answersCut'], figures.answersLost);
    assert.equal(figures.more['strictGrantsCut'], figures.grantsLostToACutAnswer);
    assert.ok(figures.grantsLostToACutAnswer > 0, 'some of the answers cut must have been to strict grants');
  },
);

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
