import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { TRIALS } from './run.ts';
import type { StoreKind } from '../support/server-store.ts';
import type { Figures } from '../support/refresh-load/report.ts';

/** The seed of every test run. `run.ts` picks a random seed. */
const SEED = 1;

/** A trial that takes longer is stuck. */
export const TEST_TIMEOUT = { timeout: 180_000 };

/** Runs a trial and asserts that it finds no fault. Skips and returns `undefined` if this machine cannot run it. */
export const runInTest = async (
  t: TestContext,
  name: keyof typeof TRIALS,
  {
    count,
    grants = 28,
    store = TRIALS[name].stores[0],
  }: { readonly count: number; readonly grants?: number; readonly store?: StoreKind },
): Promise<Figures | undefined> => {
  const report = await TRIALS[name].trial({ count, grants, store, seed: SEED, onProgress() {} });
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
