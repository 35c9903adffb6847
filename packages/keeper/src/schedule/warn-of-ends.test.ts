import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { days } from '../time.ts';
import { warningOf } from './warn-of-ends.ts';

const NOW = days(1000);
const HOUR_MS = 3_600_000;
type Grant = Parameters<typeof warningOf>[0];
const grantWith = (more: Partial<Grant>): Grant => ({
  refreshExpiresAtMs: NOW + days(2),
  due: { atMs: NOW - days(1), rank: 2 },
  failures: 0,
  state: 'active',
  ...more,
});

describe('the warning of an end', () => {
  const cases: readonly (readonly [string, Partial<Grant>, number | undefined])[] = [
    ['a late refresh, two days before the end', {}, 3],
    ['exactly three days', { refreshExpiresAtMs: NOW + days(3) }, 3],
    ['a moment more than three days', { refreshExpiresAtMs: NOW + days(3) + 1 }, 7],
    ['exactly fourteen days', { refreshExpiresAtMs: NOW + days(14) }, 14],
    ['more than fourteen days', { refreshExpiresAtMs: NOW + days(14) + 1 }, undefined],
    ['the last day', { refreshExpiresAtMs: NOW + 1 }, 1],
    ['over', { refreshExpiresAtMs: NOW }, undefined],
    ['no known end', { refreshExpiresAtMs: undefined }, undefined],
    ['a refresh that is only not due yet', { due: { atMs: NOW + days(1), rank: 2 } }, undefined],
    ['a refresh that waits for its turn', { due: { atMs: NOW - HOUR_MS + 1, rank: 2 } }, undefined],
    ['a refresh that is late by an hour', { due: { atMs: NOW - HOUR_MS, rank: 2 } }, 3],
    ['a refresh that fails', { due: { atMs: NOW + 1000, rank: 0 }, failures: 4 }, 3],
    ['a suspect', { due: { atMs: NOW + 1000, rank: 0 }, state: 'suspect' }, 3],
    ['a refresh that would come too late', { due: { atMs: NOW + days(2), rank: 0 } }, 3],
    ['nothing left to refresh', { due: undefined }, 3],
  ];
  for (const [name, more, daysLeft] of cases)
    it(`${name}: ${daysLeft === undefined ? 'none' : `${daysLeft} days`}`, () => {
      assert.equal(warningOf(grantWith(more), NOW)?.daysLeft, daysLeft);
    });
});
