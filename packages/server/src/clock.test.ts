import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastAgeMs } from './clock.ts';

const DOUBT = { beforeMs: 1000, byMs: 300 };

const AGES = [
  { name: 'a moment before the jump, older than the doubt', atMs: 600, doubt: DOUBT, leastMs: 300 },
  { name: 'a moment before the jump, as old as the doubt', atMs: 900, doubt: DOUBT, leastMs: 0 },
  { name: 'the last moment before the jump', atMs: 999, doubt: DOUBT, leastMs: 0 },
  { name: 'the moment of the jump', atMs: 1000, doubt: DOUBT, leastMs: 200 },
  { name: 'a moment in the future', atMs: 1300, doubt: DOUBT, leastMs: 0 },
  { name: 'a moment that nothing puts in doubt', atMs: 600, doubt: undefined, leastMs: 600 },
];

for (const { name, atMs, doubt, leastMs } of AGES)
  test(`the least age of ${name} is ${leastMs} ms`, () =>
    assert.equal(leastAgeMs(atMs, 1200, doubt), leastMs));
