import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { openAccessToken, sealAccessToken } from './access-token.ts';
import { readingsOfCode, sealCode } from './authorization-code.ts';
import type { OpenedCode } from './authorization-code.ts';
import { ringOf } from './key-ring.cases.ts';
import { createKeyLine } from './key-ring.ts';
import type { KeyRing } from './key-ring.ts';
import { openRefreshToken, sealRefreshToken } from './refresh-token.ts';
import { uuidPairShape, uuidShape } from './shape.ts';
import type { Shape } from './shape.ts';

const LINE = '1:seal:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const OTHER_LINE = '2:seal:1750000000:_wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const RING = ringOf(LINE);
const KEY = RING.seal.active;
const lineOf = (number: number): string => createKeyLine(number, 'seal', 1_750_000_000);
const CODE: OpenedCode = { grantId: 0x0123_4567_89ab_cdefn, issuedAt: 1_750_000_000 };

/** The first reading, `undefined` where there is none. */
const openCode = (ring: KeyRing, shape: Shape, text: string): OpenedCode | 'malformed' | undefined => {
  const readings = readingsOfCode(ring, shape, text);
  return readings === 'malformed' ? readings : readings[0];
};

const codes: fc.Arbitrary<OpenedCode> = fc.record({
  grantId: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  issuedAt: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 17e8, max: 18e8 })),
});

/** Made from the specification by another program. If one of these changes, no code under way can be exchanged. */
const KNOWN: readonly (readonly [OpenedCode, string, string])[] = [
  [CODE, 'f9b730d8-6003-7245-4c26-0f5f0d60df59', '20666ff9-8e7a-bde3-9329-09cb3cf4eb52'],
  [
    { grantId: -2n, issuedAt: 2 ** 32 - 1 },
    '1e7e8638-30ff-9953-5013-aabf26d3313c',
    '8570132f-4ee7-75c1-ae57-cacf5226ca4b',
  ],
  [
    { grantId: 0n, issuedAt: 0 },
    '0ec419ca-6c93-2db9-93f1-1804e3ae05f7',
    '47d10115-443d-6076-9de9-b99fea4c0cca',
  ],
];

for (const [code, sealed, mac] of KNOWN) {
  void test(`the code of grant ${code.grantId} at ${code.issuedAt} is the same in every version`, () => {
    assert.equal(sealCode(KEY, uuidShape, code), sealed);
    assert.equal(sealCode(KEY, uuidPairShape, code), `${sealed}.${mac}`);
    assert.deepEqual(openCode(RING, uuidShape, sealed), code);
    assert.deepEqual(openCode(RING, uuidPairShape, `${sealed}.${mac}`), code);
  });
}

const SHAPES: readonly (readonly [string, Shape])[] = [
  ['UUID', uuidShape],
  ['UUID pair', uuidPairShape],
];

for (const [name, shape] of SHAPES) {
  const text = sealCode(KEY, shape, CODE);

  void test(`every ${name} code opens to its grant and its moment`, () => {
    fc.assert(
      fc.property(codes, (code) => {
        assert.deepEqual(openCode(RING, shape, sealCode(KEY, shape, code)), { ...code });
      }),
    );
  });

  void test(`a ${name} code with any bit of its bytes flipped opens to nothing`, () => {
    const sealed = shape.read(text);
    assert.ok(sealed !== 'malformed');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped: Buffer = Buffer.from(sealed);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.equal(openCode(RING, shape, shape.write(flipped)), undefined);
    }
  });

  void test(`a ${name} code with any one character changed opens to nothing`, () => {
    for (let at = 0; at < text.length; at++) {
      for (const other of '0123456789abcdef-.A_ ') {
        if (other === text[at]) continue;
        const opened = openCode(RING, shape, text.slice(0, at) + other + text.slice(at + 1));
        assert.ok(opened === undefined || opened === 'malformed', `${at} ${other}`);
      }
    }
  });

  void test(`a ${name} code cut short or drawn out is malformed`, () => {
    for (let length = 0; length < text.length; length++)
      assert.equal(openCode(RING, shape, text.slice(0, length)), 'malformed');
    for (const longer of [`${text}0`, `0${text}`, `${text}\n`, ` ${text}`])
      assert.equal(openCode(RING, shape, longer), 'malformed');
  });

  void test(`a ${name} code opens with the key of the ring that sealed it, and with no other`, () => {
    const [first, second, third] = [lineOf(1), lineOf(2), lineOf(3)];
    const ring = ringOf(first, second, third);
    for (const key of ring.seal.keys)
      assert.deepEqual(openCode(ring, shape, sealCode(key, shape, CODE)), CODE);
    const without = ringOf(first, third);
    const second_ = ringOf(second).seal.active;
    assert.equal(openCode(without, shape, sealCode(second_, shape, CODE)), undefined);
    fc.assert(
      fc.property(codes, (code) => {
        assert.equal(openCode(ringOf(OTHER_LINE), shape, sealCode(KEY, shape, code)), undefined);
      }),
      { numRuns: 50 },
    );
  });

  void test(`every bit of the check counts: a ${name} code whose check is not zero does not open`, () => {
    for (let bit = 0; bit < 32; bit++) {
      const block = Buffer.alloc(16);
      block.writeUInt32BE(2 ** bit, 12);
      const forged = shape.write(KEY.sealers.code.seal(block, shape.macBytes));
      assert.equal(openCode(RING, shape, forged), undefined);
    }
  });

  void test(`a guessed ${name} code opens to nothing`, () => {
    const size = 16 + shape.macBytes;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (bytes) => {
        assert.equal(openCode(RING, shape, shape.write(Buffer.from(bytes))), undefined);
      }),
      { numRuns: 1000 },
    );
  });
}

void test('a code does not open as a token, nor a token as a code, although the blocks name the same grant', () => {
  fc.assert(
    fc.property(codes, ({ grantId, issuedAt }) => {
      const code = sealCode(KEY, uuidShape, { grantId, issuedAt });
      assert.equal(openRefreshToken(RING, uuidShape, code), undefined);
      assert.equal(openAccessToken(RING, uuidShape, code), undefined);
      const refreshToken = sealRefreshToken(KEY, uuidShape, grantId, issuedAt);
      const accessToken = sealAccessToken(KEY, uuidShape, { grantId, issuedAt, serial: 0 });
      for (const token of [refreshToken, accessToken])
        assert.equal(openCode(RING, uuidShape, token), undefined);
    }),
  );
});

void test('a code in one shape is malformed in another', () => {
  assert.equal(openCode(RING, uuidPairShape, sealCode(KEY, uuidShape, CODE)), 'malformed');
  assert.equal(openCode(RING, uuidShape, sealCode(KEY, uuidPairShape, CODE)), 'malformed');
});
