import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NO_SKEW, noteSkew, skewMsOf, skewShownBy } from './skew.ts';
import type { Skew } from './skew.ts';

const after = (samples: readonly number[]): { skew: Skew; reports: number } => {
  let skew = NO_SKEW;
  let reports = 0;
  for (const sample of samples) {
    const noted = noteSkew(skew, sample);
    skew = noted.skew;
    if (noted.isNewlyFar) reports += 1;
  }
  return { skew, reports };
};
const repeat = (value: number, times: number): number[] => Array.from({ length: times }, () => value);

describe('what an exchange shows about the clocks', () => {
  it('compares the clock of the provider with the middle of the exchange', () => {
    assert.equal(skewShownBy({ sentAtMs: 1000, receivedAtMs: 1200, providerMs: 61_123 }), 60_023);
  });
  it('takes whole seconds for the middle of that second', () => {
    assert.equal(skewShownBy({ sentAtMs: 1400, receivedAtMs: 1600, providerMs: 1000 }), 0);
  });
  it('nothing without a clock, or where the exchange took long', () => {
    assert.equal(skewShownBy({ sentAtMs: 0, receivedAtMs: 10, providerMs: undefined }), undefined);
    assert.equal(skewShownBy({ sentAtMs: 0, receivedAtMs: 10_001, providerMs: 5 }), undefined);
  });
});

describe('how far the clocks are apart', () => {
  const cases: readonly (readonly [string, readonly number[], number, number])[] = [
    ['nothing measured', [], 0, 0],
    ['one sample', [70], 70, 0],
    ['the middle of three', [1, 900_000, 3], 3, 0],
    ['between the middle ones of four', [1, 2, 4, 5], 3, 0],
    ['only the last twenty count', [...repeat(90_000, 30), ...repeat(0, 20)], 0, 1],
    ['exactly 30 s is not far', repeat(30_000, 9), 30_000, 0],
    ['more than 30 s is reported once', repeat(30_001, 40), 30_001, 1],
    ['behind is as far as ahead', repeat(-40_000, 9), -40_000, 1],
    ['four samples are too few', repeat(90_000, 4), 90_000, 0],
    ['one wrong machine among others is not reported', [0, 0, 0, 900_000, 0, 0], 0, 0],
    [
      'around the limit it is reported once',
      [...repeat(31_000, 20), ...repeat(29_000, 20), ...repeat(31_000, 20)],
      31_000,
      1,
    ],
    ['again after it was near', [...repeat(31_000, 20), ...repeat(0, 20), ...repeat(31_000, 20)], 31_000, 2],
  ];
  for (const [name, samples, skewMs, reports] of cases)
    it(name, () => {
      const found = after(samples);
      assert.deepEqual([skewMsOf(found.skew), found.reports], [skewMs, reports]);
    });

  it('lies between the samples, and keeps few of them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1 }), (samples) => {
        const { skew } = after(samples);
        const last = samples.slice(-20);
        const median = skewMsOf(skew);
        assert.ok(skew.samples.length <= 20);
        assert.ok(median >= Math.min(...last) - 1 && median <= Math.max(...last) + 1);
      }),
    );
  });
});
