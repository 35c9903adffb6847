import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { TRIALS } from './run.ts';
import type { StoreKind } from '../support/server-store.ts';
import type { Figures } from '../support/refresh-load/report.ts';

/** The seed of every run in the tests; `run.ts` draws others. */
const SEED = 1;

/** A trial that takes longer hangs. */
export const HUNG = { timeout: 180_000 };

/** Runs a trial; it must be without faults. `undefined` where this machine cannot. */
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
