import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeWrong, KINDS, summarize, sweep, sweepOne } from './run.ts';
import type { Kind } from './run.ts';
import { buildShim } from './shim.ts';

// A part of the sweep, by steps that meet other calls for each kind of fault. The whole of it:
// node --conditions=keyfob-source packages/trials/crash/fault-sweep/run.ts
const STEP = 13;
const FROM: Readonly<Record<Kind, number>> = {
  'eio-once': 2,
  'eio-lasting': 5,
  'enospc-once': 8,
  'enospc-lasting': 10,
};
const SHOWN_MAX = 3;

const shim = buildShim();
const kinds = Object.keys(KINDS) as readonly Kind[];

for (const kind of kinds) {
  test(`Whichever call fails (${kind}), the store keeps what it acknowledged and never half of a change.`, async (t) => {
    if ('missing' in shim) return t.skip(shim.missing);
    const runs = await sweep(shim.path, { kind, from: FROM[kind], step: STEP });
    t.diagnostic(summarize(runs));
    assert.ok(runs.length > 10);
    const wrong = runs.filter(({ violations }) => violations.length > 0);
    assert.equal(wrong.length, 0, wrong.slice(0, SHOWN_MAX).map(describeWrong).join('\n'));
  });
}

test('A store whose file cannot be created reports this to the operator.', async (t) => {
  if ('missing' in shim) return t.skip(shim.missing);
  for (const kind of kinds) {
    const run = await sweepOne(shim.path, kind, 1, 'close');
    assert.equal(run.failedCall, 'open keyfob.db');
    assert.deepEqual(run.violations, []);
  }
});
