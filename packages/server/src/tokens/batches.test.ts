import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { SERIAL_MAX, sealAccessToken, sealAccessTokens } from './access-token.ts';
import { base36Shape, base62Shape, base64UrlShape } from './base-shapes.ts';
import { ringOf } from './key-ring.cases.ts';
import {
  GENERATION_MAX,
  openRefreshToken,
  openRefreshTokens,
  sealRefreshToken,
  sealRefreshTokens,
} from './refresh-token.ts';
import { uuidPairShape, uuidShape, uuidV4Shape, withTail } from './shape.ts';
import type { Shape } from './shape.ts';

const OLD = '1:seal:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const NEW = '2:seal:1750000000:_wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const RING = ringOf(OLD, NEW);
const FOREIGN = ringOf('3:seal:1750000000:-wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8').seal.active;
const KEYS = [...RING.seal.keys, FOREIGN] as const;

const grantIds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const generations = fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 0, max: GENERATION_MAX }));
const refreshTokens = fc.record({ grantId: grantIds, generation: generations });
const accessTokens = fc.record({
  grantId: grantIds,
  issuedAt: fc.integer({ min: 0, max: 0xffff_ffff }),
  serial: fc.integer({ min: 0, max: SERIAL_MAX }),
  length: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
});

const SHAPES: readonly (readonly [string, Shape])[] = [
  ['UUID', uuidShape],
  ['UUID of version 4', uuidV4Shape],
  ['pair of UUIDs', uuidPairShape],
  ['base 36', base36Shape],
  ['base 62', base62Shape],
  ['base64url', base64UrlShape],
];

for (const [name, shape] of SHAPES) {
  /** What may be presented together: tokens of either key of the ring, of a foreign key, damaged ones and any text. */
  const texts = fc.oneof(
    fc
      .tuple(fc.constantFrom(...KEYS), refreshTokens)
      .map(([key, { grantId, generation }]) => sealRefreshToken(key, shape, grantId, generation)),
    fc
      .tuple(refreshTokens, fc.nat({ max: 35 }), fc.constantFrom('0', 'Z', '-', '０'))
      .map(([{ grantId, generation }, at, other]) => {
        const text = sealRefreshToken(RING.seal.active, shape, grantId, generation);
        return text.slice(0, at) + other + text.slice(at + 1);
      }),
    fc.string({ maxLength: 80 }),
  );

  test(`${name}: tokens that are opened together open as they do one by one`, () => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 20 }), (presented) => {
        assert.deepEqual(
          openRefreshTokens(RING, shape, presented),
          presented.map((text) => openRefreshToken(RING, shape, text)),
        );
      }),
    );
  });

  test(`${name}: tokens that are sealed together are the same as one by one`, () => {
    fc.assert(
      fc.property(fc.array(refreshTokens, { maxLength: 20 }), (tokens) => {
        assert.deepEqual(
          sealRefreshTokens(RING.seal.active, shape, tokens),
          tokens.map(({ grantId, generation }) =>
            sealRefreshToken(RING.seal.active, shape, grantId, generation),
          ),
        );
      }),
    );
    fc.assert(
      fc.property(fc.array(accessTokens, { maxLength: 20 }), (tokens) => {
        assert.deepEqual(
          sealAccessTokens(RING.seal.active, shape, tokens),
          tokens.map((token) => sealAccessToken(RING.seal.active, shape, token)),
        );
      }),
    );
  });
}

test('long access tokens of several lengths that are sealed together are the same as one by one', () => {
  const shape = withTail(base62Shape, { from: 36, maxCharacters: 100 });
  const key = RING.seal.active;
  fc.assert(
    fc.property(fc.array(accessTokens, { maxLength: 20 }), (tokens) => {
      const together = sealAccessTokens(key, shape, tokens);
      assert.deepEqual(
        together,
        tokens.map((token) => sealAccessToken(key, shape, token)),
      );
    }),
  );
});

test('a number that does not fit into its bytes is refused, not cut', () => {
  assert.throws(() => sealRefreshToken(RING.seal.active, uuidShape, 1n, GENERATION_MAX + 1), RangeError);
  assert.throws(() => sealRefreshToken(RING.seal.active, uuidShape, 1n, -1), RangeError);
  assert.throws(() => sealRefreshToken(RING.seal.active, uuidShape, 1n, Number.NaN), RangeError);
  const tooLate = { grantId: 1n, issuedAt: 0x1_0000_0000, serial: 0 };
  assert.throws(() => sealAccessToken(RING.seal.active, uuidShape, tooLate), RangeError);
});
