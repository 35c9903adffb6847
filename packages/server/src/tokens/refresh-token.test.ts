import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { openAccessToken } from './access-token.ts';
import { ringOf } from './key-ring.cases.ts';
import { createKeyLine } from './key-ring.ts';
import { GENERATION_MAX, openRefreshToken, sealRefreshToken } from './refresh-token.ts';
import { base36Shape, base62Shape } from './base-shapes.ts';
import { uuidShape } from './shape.ts';
import type { Shape } from './shape.ts';

const LINE = '1:seal:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const RING = ringOf(LINE);
const KEY = RING.seal.active;
const GRANT_ID = 0x0123_4567_89ab_cdefn;

const grantIds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const generations = fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 0, max: GENERATION_MAX }));

/** Made from the specification by another program. If one of these changes, no token in the field opens any more. */
const KNOWN: readonly (readonly [bigint, number, string, string])[] = [
  [GRANT_ID, 0, '8351aa62-2ecb-8a1f-3e93-67609ac1d9ae', '49800OCP52DWC9JS9BY8FEIIWAE7Z4CDZQJN'],
  [GRANT_ID, 7, '66ee5b9f-d17a-1da2-543a-de3b086a3886', '3C3KSNJK0825K50WSL5AUMBAM9PQ5Z4S49DK'],
  [-2n, GENERATION_MAX, '495a1417-9ebf-2f7d-ce07-f4254942deb6', '2DL44XF3RXPAPEBQTKTIUW5GA39WAFNS9P59'],
];

for (const [grantId, generation, uuid, upper36] of KNOWN) {
  void test(`generation ${generation} of grant ${grantId} is the same token in every version`, () => {
    assert.equal(sealRefreshToken(KEY, uuidShape, grantId, generation), uuid);
    assert.equal(sealRefreshToken(KEY, base36Shape, grantId, generation), upper36);
    assert.deepEqual(openRefreshToken(RING, uuidShape, uuid), { grantId, generation });
    assert.deepEqual(openRefreshToken(RING, base36Shape, upper36), { grantId, generation });
  });
}

const SHAPES: readonly (readonly [string, Shape, string])[] = [
  ['UUID', uuidShape, '0123456789abcdef'],
  ['base 36', base36Shape, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
];

for (const [name, shape, alphabet] of SHAPES) {
  const token = sealRefreshToken(KEY, shape, GRANT_ID, 7);

  void test(`every ${name} refresh token opens to its grant and generation`, () => {
    fc.assert(
      fc.property(grantIds, generations, (grantId, generation) => {
        const text = sealRefreshToken(KEY, shape, grantId, generation);
        assert.deepEqual(openRefreshToken(RING, shape, text), { grantId, generation });
      }),
    );
  });

  void test(`a ${name} refresh token that is sealed again is the identical string`, () => {
    fc.assert(
      fc.property(grantIds, generations, (grantId, generation) => {
        const again = ringOf(LINE).seal.active;
        const first = sealRefreshToken(KEY, shape, grantId, generation);
        assert.equal(sealRefreshToken(again, shape, grantId, generation), first);
      }),
      { numRuns: 50 },
    );
  });

  void test(`the ${name} refresh tokens of a thousand generations share no string and no beginning`, () => {
    const tokens = Array.from({ length: 1000 }, (_, index) => sealRefreshToken(KEY, shape, GRANT_ID, index));
    assert.equal(new Set(tokens).size, 1000);
    assert.ok(new Set(tokens.map((text) => text.slice(0, 8))).size > 990);
  });

  void test(`a ${name} refresh token with any bit of its bytes flipped opens to nothing`, () => {
    const sealed = shape.read(token);
    assert.notEqual(sealed, 'malformed');
    const bytes = Buffer.from(sealed as Buffer);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.equal(openRefreshToken(RING, shape, shape.write(flipped)), undefined);
    }
  });

  void test(`a ${name} refresh token with any one character changed opens to nothing`, () => {
    for (let at = 0; at < token.length; at++) {
      for (const other of `${alphabet}-aZ_ `) {
        if (other === token[at]) continue;
        const opened = openRefreshToken(RING, shape, token.slice(0, at) + other + token.slice(at + 1));
        assert.ok(opened === undefined || opened === 'malformed', `${at} ${other}`);
      }
    }
  });

  void test(`a ${name} refresh token with two neighbouring characters exchanged opens to nothing`, () => {
    for (let at = 0; at + 1 < token.length; at++) {
      const exchanged = `${token.slice(0, at)}${token[at + 1]}${token[at]}${token.slice(at + 2)}`;
      if (exchanged === token) continue;
      const opened = openRefreshToken(RING, shape, exchanged);
      assert.ok(opened === undefined || opened === 'malformed', String(at));
    }
  });

  void test(`a ${name} refresh token cut short or drawn out is malformed`, () => {
    for (let length = 0; length < token.length; length++)
      assert.equal(openRefreshToken(RING, shape, token.slice(0, length)), 'malformed');
    for (const longer of [`${token}0`, `0${token}`, `${token}\n`, ` ${token}`])
      assert.equal(openRefreshToken(RING, shape, longer), 'malformed');
  });

  void test(`a ${name} refresh token does not open with another key`, () => {
    const other = ringOf('1:seal:1750000000:_wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8');
    fc.assert(
      fc.property(grantIds, generations, (grantId, generation) => {
        const text = sealRefreshToken(KEY, shape, grantId, generation);
        assert.equal(openRefreshToken(other, shape, text), undefined);
      }),
    );
  });

  void test(`a ${name} refresh token opens with the key of the ring that sealed it`, () => {
    const lines = [1, 2, 3, 4, 5].map((number) => createKeyLine(number, 'seal', 1_750_000_000));
    const ring = ringOf(...lines);
    for (const key of ring.seal.keys) {
      const text = sealRefreshToken(key, shape, GRANT_ID, key.number);
      assert.deepEqual(openRefreshToken(ring, shape, text), { grantId: GRANT_ID, generation: key.number });
    }
  });

  void test(`a ${name} refresh token is dead once its key has left the ring`, () => {
    const [first, second] = [createKeyLine(1, 'seal', 0), createKeyLine(2, 'seal', 0)];
    const text = sealRefreshToken(ringOf(first).seal.active, shape, GRANT_ID, 1);
    assert.equal(openRefreshToken(ringOf(second), shape, text), undefined);
  });
}

void test('a UUID in upper case is malformed, so that one token has one spelling', () => {
  const text = sealRefreshToken(KEY, uuidShape, GRANT_ID, 7);
  assert.equal(openRefreshToken(RING, uuidShape, text.toUpperCase()), 'malformed');
});

void test('a refresh token in UUID form does not open as an access token', () => {
  for (let generation = 0; generation < 200; generation++) {
    const text = sealRefreshToken(KEY, uuidShape, GRANT_ID, generation);
    assert.equal(openAccessToken(RING, uuidShape, text), undefined);
  }
});

void test('no refresh token opens as an access token of the same grant', () => {
  fc.assert(
    fc.property(grantIds, generations, (grantId, generation) => {
      const uuid = sealRefreshToken(KEY, uuidShape, grantId, generation);
      assert.notEqual(openAccessToken(RING, uuidShape, uuid)?.grantId, grantId);
      const upper36 = sealRefreshToken(KEY, base36Shape, grantId, generation);
      assert.equal(openAccessToken(RING, base62Shape, upper36), undefined);
    }),
  );
});

void test('every bit of the check counts: a block whose check is not zero does not open', () => {
  for (let bit = 0; bit < 32; bit++) {
    const block = Buffer.alloc(16);
    block.writeUInt32BE(2 ** bit, 12);
    for (const shape of [uuidShape, base36Shape]) {
      const text = shape.write(KEY.sealers.refresh.seal(block, shape.macBytes));
      assert.equal(openRefreshToken(RING, shape, text), undefined);
    }
  }
});

void test('a refresh token in one shape is malformed in another', () => {
  const uuid = sealRefreshToken(KEY, uuidShape, GRANT_ID, 7);
  const upper36 = sealRefreshToken(KEY, base36Shape, GRANT_ID, 7);
  assert.equal(openRefreshToken(RING, base36Shape, uuid), 'malformed');
  assert.equal(openRefreshToken(RING, uuidShape, upper36), 'malformed');
});

void test('a guessed UUID opens to nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      assert.equal(openRefreshToken(RING, uuidShape, uuidShape.write(Buffer.from(bytes))), undefined);
    }),
    { numRuns: 1000 },
  );
});
