import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { restFor, retryIn } from './retry.ts';

describe('the retries of a message', () => {
  it('last about three days, and then it is given up', () => {
    for (const chance of [0, 0.5, 1]) {
      let sumMs = 0;
      let attempts = 1;
      for (let delayMs = retryIn(1, chance); delayMs !== undefined; delayMs = retryIn(attempts, chance)) {
        sumMs += delayMs;
        attempts += 1;
      }
      assert.equal(attempts, 20);
      assert.ok(sumMs > 2.2 * 86_400_000 && sumMs < 3.8 * 86_400_000, String(sumMs));
    }
  });

  it('begin after seconds, and are six hours apart at most', () => {
    assert.equal(retryIn(1, 0.5), 5000);
    assert.equal(retryIn(2, 0.5), 15_000);
    assert.equal(retryIn(19, 0.5), 6 * 3_600_000);
  });

  it('a failing endpoint rests for a minute at most', () => {
    assert.deepEqual([0, 1, 2, 3, 50].map(restFor), [0, 1000, 2000, 4000, 60_000]);
  });
});
