import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeViolations, KINDS, summarize, sweep, sweepOne } from './run.ts';
import type { Kind } from './run.ts';
import { buildShim } from './shim.ts';

// Every 29th call, from a different first call for each kind of fault. For the complete sweep:
// node --conditions=keyfob-source packages/trials/crash/fault-sweep/run.ts
const STEP = 29;
const FIRST_CALL: Readonly<Record<Kind, number>> = {
  'eio-once': 2,
  'eio-lasting': 7,
  'enospc-once': 12,
  'enospc-lasting': 16,
};
const SHOWN_MAX = 3;

const shim = buildShim();
const kinds = Object.keys(KINDS) as readonly Kind[];

for (const kind of kinds) {
  test(`When any call fails (${kind}), the store keeps what it acknowledged, and no change is half done.`, async (t) => {
    if ('missing' in shim) return t.skip(shim.missing);
    const runs = await sweep(shim.path, { kind, from: FIRST_CALL[kind], step: STEP });
    t.diagnostic(summarize(runs));
    assert.ok(runs.length > 10);
    const violating = runs.filter(({ violations }) => violations.length > 0);
    assert.equal(violating.length, 0, violating.slice(0, SHOWN_MAX).map(describeViolations).join('\n'));
  });
}

test('A store reports to the operator that its file cannot be created.', async (t) => {
  if ('missing' in shim) return t.skip(shim.missing);
  for (const kind of kinds) {
    const run = await sweepOne(shim.path, kind, 1, 'close');
    assert.equal(run.failedCall, 'open keyfob.db');
    assert.deepEqual(run.violations, []);
  }
});
