import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createUserCode, readUserCode, showUserCode } from './user-code.ts';

test('a user code has eight letters without vowels, and is read back as it is shown', () => {
  for (let count = 0; count < 1000; count++) {
    const code = createUserCode({ bytes: randomBytes });
    assert.match(code, /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/);
    assert.equal(readUserCode(showUserCode(code)), code);
  }
});

test('every letter is as likely as every other: bytes that would favour the first ones are skipped', () => {
  const batches = [Buffer.from([255, 254, 240, 239, 0, 19, 20, 21]), Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])];
  assert.equal(createUserCode({ bytes: () => batches.shift() ?? Buffer.alloc(8) }), 'ZBZBCCDF');
});

for (const typed of [
  'WDJB-MJHT',
  'wdjbmjht',
  ' wdjb mjht ',
  'W D J B M J H T',
  'wdjb–mjht',
  'ＷＤＪＢ－ＭＪＨＴ',
  'WDJB.MJHT',
])
  test(`"${typed}" is read as WDJBMJHT`, () => assert.equal(readUserCode(typed), 'WDJBMJHT'));

for (const typed of ['', 'WDJBMJH', 'WDJBMJHTT', 'WDJBMJHA', 'WDJB1JHT', 'ẄDJBMJHT', 'W'.repeat(65)])
  test(`"${typed}" is no user code`, () => assert.equal(readUserCode(typed), undefined));
