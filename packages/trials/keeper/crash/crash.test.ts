import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCrashCase } from './crash-case.ts';
import { shortMatrix } from './matrix.ts';

describe('a keeper that is killed', { concurrency: 6 }, () => {
  for (const one of shortMatrix())
    it(`${one.kind}, ${one.at}, ${one.second}`, async () => {
      const { faults } = await runCrashCase(one);
      assert.deepEqual(faults, []);
    });
});
