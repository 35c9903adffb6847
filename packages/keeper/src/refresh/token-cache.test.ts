import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../time.ts';
import { createTokenCache } from './token-cache.ts';

const CLOCK = { nowMs: systemClock.wallMs, monotonicMs: systemClock.monotonicMs };

const token = (length: number) => ({
  grantId: 'g',
  accessToken: 'x'.repeat(length),
  expiresAtMs: Infinity,
  freshUntilMs: Infinity,
});

describe('access tokens in memory', () => {
  it('take no more than their bound; what was put first goes first', () => {
    const cache = createTokenCache(CLOCK, 10_000);
    for (let car = 0; car < 100; car++) cache.put(`car-${car}`, token(700));
    const kept = Array.from({ length: 100 }, (_, car) => car).filter(
      (car) => cache.get(`car-${car}`) !== undefined,
    );
    assert.deepEqual(kept, [90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
  });

  it('count once, however often one is put, and not at all when they are dropped', () => {
    const cache = createTokenCache(CLOCK, 10_000);
    for (let again = 0; again < 50; again++) cache.put('car', token(700));
    for (let car = 0; car < 50; car++) {
      cache.put('other', token(700));
      cache.drop('other');
    }
    for (let car = 0; car < 9; car++) cache.put(`car-${car}`, token(700));
    assert.ok(cache.get('car') !== undefined);
  });

  it('one that is larger than the bound is not kept', () => {
    const cache = createTokenCache(CLOCK, 1000);
    cache.put('car', token(2000));
    assert.equal(cache.get('car'), undefined);
  });
});
