import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { examineTime } from './examine-time.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

describe('the time of a store', () => {
  for (const [aheadMs, verdict, text] of [
    [0, 'ok', /that of this machine/],
    [60_000, 'ok', /that of this machine/],
    [3 * 86_400_000, 'warn', /3 d ahead of the clock/],
    [-3 * 86_400_000, 'warn', /3 d behind the clock/],
  ] as const)
    it(`${aheadMs} ms ahead: ${verdict}`, () => {
      const finding = examineTime({ nowMs: () => NOW_MS + aheadMs }, NOW_MS);
      assert.equal(finding.verdict, verdict);
      assert.match(finding.finding, text);
    });
});
