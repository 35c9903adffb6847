import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { days, seconds } from '../time.ts';
import { dueAfterRefresh } from './due.ts';
import type { Kept } from './due.ts';

const KEPT: Kept = {
  id: 'g',
  generation: 1,
  issuedAtMs: 0,
  refreshExpiresAtMs: days(60),
  endsAtMs: undefined,
  askedAtMs: 0,
  lifetimes: { accessSeconds: 7200 },
  keepWarm: 'asked',
  isRotating: true,
  nowMs: 0,
};

describe('the next refresh of a grant in use', () => {
  it('is before its access token ends', () => {
    const { atMs = 0, rank } = dueAfterRefresh(KEPT) ?? {};
    assert.ok(atMs >= seconds(7200) * 0.65 && atMs <= seconds(7200) * 0.85);
    assert.equal(rank, 1);
  });

  it('is before its refresh token ends, however long the access token claims to live', () => {
    for (const accessSeconds of [90 * 86_400, 999_999_999]) {
      const { atMs = Infinity } = dueAfterRefresh({ ...KEPT, lifetimes: { accessSeconds } }) ?? {};
      assert.ok(atMs >= days(30) && atMs <= days(45));
    }
  });

  it('goes by the access token alone where there is no refresh token', () => {
    const lifetimes = { accessSeconds: 90 * 86_400 };
    const { atMs = 0 } = dueAfterRefresh({ ...KEPT, lifetimes, isRotating: false }) ?? {};
    assert.ok(atMs > days(45));
  });
});
