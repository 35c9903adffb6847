import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { TRIALS } from './crash.ts';
import type { Figures } from './report.ts';

/** The seed of every run of the tests; `crash.ts` draws others. */
const SEED = 1;

/** A trial that has not ended by then never will. */
const HUNG = { timeout: 180_000 };

/** Runs a trial; it must be without faults. `undefined` where this machine cannot. */
const run = async (
  t: TestContext,
  name: keyof typeof TRIALS,
  count: number,
  grants = 28,
): Promise<Figures | undefined> => {
  const report = await TRIALS[name].trial({ count, grants, seed: SEED, onProgress() {} });
  if ('skipped' in report) {
    t.skip(report.skipped);
    return undefined;
  }
  t.diagnostic(JSON.stringify(report.figures));
  assert.deepEqual(report.faults, []);
  const { grantsLostBeyondPolicy, tokensUsedBeyondPolicy, otherAnswers, historiesNotLinearizable } =
    report.figures;
  assert.deepEqual(
    { grantsLostBeyondPolicy, tokensUsedBeyondPolicy, otherAnswers, historiesNotLinearizable },
    { grantsLostBeyondPolicy: 0, tokensUsedBeyondPolicy: 0, otherAnswers: 0, historiesNotLinearizable: 0 },
  );
  return report.figures;
};

test('25 times kill -9 under refresh load lose no grant and make no token work twice', HUNG, async (t) => {
  const figures = await run(t, 'kill', 25, 42);
  assert.ok(figures !== undefined && figures.answersLost > 0, 'the kills must cut calls off');
});

test(
  '8 times kill -9 while codes are exchanged ask no owner twice and give no code two grants',
  HUNG,
  async (t) => {
    const figures = await run(t, 'codes', 8, 12);
    assert.ok(
      figures !== undefined && (figures.more['requestsLost'] ?? 0) > 0,
      'the kills must cut requests off',
    );
  },
);

test('a server that stands still for longer than the overlap loses no grant', HUNG, async (t) => {
  const figures = await run(t, 'stop', 2);
  assert.ok(figures !== undefined && figures.answersLost > 0, 'the impatient must have given up on calls');
  assert.deepEqual(Object.keys(figures.statuses), ['200']);
});

test(
  'a full disk is answered 503 in both dialects, and costs nothing once there is room',
  HUNG,
  async (t) => {
    await run(t, 'full-disk', 2);
  },
);

test(
  'a data directory that turns read-only is answered 503 in both dialects, and costs nothing after',
  HUNG,
  async (t) => {
    await run(t, 'read-only', 2);
  },
);

test(
  'an answer cut in its body costs a grant only where its policy has no repeat, and there always',
  HUNG,
  async (t) => {
    const figures = await run(t, 'cut', 100);
    assert.ok(figures !== undefined);
    assert.equal(figures.more['answersCut'], figures.answersLost);
    assert.equal(figures.more['strictGrantsCut'], figures.grantsLostToACutAnswer);
    assert.ok(figures.grantsLostToACutAnswer > 0, 'some of the answers cut must have been to strict grants');
  },
);

test('the script tells every trial and option by --help', () => {
  const script = fileURLToPath(new URL('crash.ts', import.meta.url));
  const help = execFileSync(process.execPath, ['--conditions=keyfob-source', script, '--help'], {
    encoding: 'utf8',
  });
  for (const word of [...Object.keys(TRIALS), '--count', '--kills', '--grants', '--seed', '--json'])
    assert.ok(help.includes(word), word);
});
