import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandomness } from './randomness.ts';

test('a random UUID is of version 4, and no two of many are the same', () => {
  const uuids = Array.from({ length: 2000 }, () => systemRandomness.uuid());
  assert.equal(new Set(uuids).size, uuids.length);
  for (const uuid of uuids)
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('every other bit of a random UUID is sometimes set and sometimes not', () => {
  const bits = Array.from({ length: 200 }, () => BigInt(`0x${systemRandomness.uuid().replaceAll('-', '')}`));
  const always = bits.reduce((all, one) => all & one);
  const ever = bits.reduce((all, one) => all | one);
  const version = 4n << 76n;
  const variant = 2n << 62n;
  assert.equal(always, version | variant);
  assert.equal(ever, (1n << 128n) - 1n - (11n << 76n) - (1n << 62n));
});
