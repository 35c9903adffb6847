import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readingsOfAccessToken, sealAccessToken } from './access-token.ts';
import { readingsOfCode, sealCode } from './authorization-code.ts';
import { ringOf } from './key-ring.cases.ts';
import {
  GENERATION_MAX,
  openRefreshToken,
  readingsOfRefreshToken,
  sealRefreshToken,
} from './refresh-token.ts';
import { uuidShape, uuidV4Shape } from './shape.ts';
import type { Shape } from './shape.ts';

const RING = ringOf('1:seal:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8');
const KEY = RING.seal.active;
/** RFC 9562 §5.4, as validators check it. */
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const grantIds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const numbers = fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 0, max: GENERATION_MAX }));

/** Each kind of token: how it is sealed, and everything that it may say. */
const KINDS: Readonly<
  Record<
    string,
    {
      readonly seal: (shape: Shape, grantId: bigint, number: number) => string;
      readonly readings: (text: string) => readonly unknown[];
      readonly said: (grantId: bigint, number: number) => unknown;
    }
  >
> = {
  'refresh token': {
    seal: (shape, grantId, generation) => sealRefreshToken(KEY, shape, grantId, generation),
    readings: (text) => readingsOfRefreshToken(RING, uuidV4Shape, text),
    said: (grantId, generation) => ({ grantId, generation }),
  },
  'access token': {
    seal: (shape, grantId, issuedAt) => sealAccessToken(KEY, shape, { grantId, issuedAt, serial: 7 }),
    readings: (text) => readingsOfAccessToken(RING, uuidV4Shape, text),
    said: (grantId, issuedAt) => ({ grantId, issuedAt }),
  },
  code: {
    seal: (shape, grantId, issuedAt) => sealCode(KEY, shape, { grantId, issuedAt }),
    readings: (text) => {
      const readings = readingsOfCode(RING, uuidV4Shape, text);
      return readings === 'malformed' ? [] : readings;
    },
    said: (grantId, issuedAt) => ({ grantId, issuedAt }),
  },
};

/** A UUID without its version and variant. */
const blank = (text: string): string => `${text.slice(0, 14)}_${text.slice(15, 19)}_${text.slice(20)}`;

const isIn = (readings: readonly unknown[], said: unknown): boolean =>
  readings.some((one) => {
    try {
      assert.deepEqual(one, said);
      return true;
    } catch {
      return false;
    }
  });

for (const [name, { seal, readings, said }] of Object.entries(KINDS)) {
  test(`every ${name} is a UUID of version 4 and opens to what it says`, () => {
    fc.assert(
      fc.property(grantIds, numbers, (grantId, number) => {
        const text = seal(uuidV4Shape, grantId, number);
        assert.match(text, UUID_V4);
        assert.ok(isIn(readings(text), said(grantId, number)));
      }),
    );
  });

  test(`a ${name} from before versions were marked still opens`, () => {
    fc.assert(
      fc.property(grantIds, numbers, (grantId, number) => {
        const old = seal(uuidShape, grantId, number);
        assert.ok(isIn(readings(old), said(grantId, number)));
      }),
    );
  });

  test(`a ${name} differs from its older form in version and variant only`, () => {
    fc.assert(
      fc.property(grantIds, numbers, (grantId, number) => {
        assert.equal(blank(seal(uuidV4Shape, grantId, number)), blank(seal(uuidShape, grantId, number)));
      }),
    );
  });
}

test('a refresh token in UUID form is the same in every version of the program', () => {
  const text = '8351aa62-2ecb-4a1f-be93-67609ac1d9ae';
  const opened = { grantId: 0x0123_4567_89ab_cdefn, generation: 0 };
  assert.equal(sealRefreshToken(KEY, uuidV4Shape, opened.grantId, 0), text);
  assert.deepEqual(openRefreshToken(RING, uuidV4Shape, text), opened);
  assert.deepEqual(openRefreshToken(RING, uuidV4Shape, '8351aa62-2ecb-8a1f-3e93-67609ac1d9ae'), opened);
});

test('a refresh token with any other character changed opens to nothing', () => {
  const text = sealRefreshToken(KEY, uuidV4Shape, 42n, 7);
  for (let at = 0; at < text.length; at++) {
    // The version and the variant are no part of what it says.
    if (at === 14 || at === 19) continue;
    for (const other of '0123456789abcdef') {
      if (other === text[at]) continue;
      const opened = openRefreshToken(RING, uuidV4Shape, text.slice(0, at) + other + text.slice(at + 1));
      assert.ok(opened === undefined || opened === 'malformed', `${at} ${other}`);
    }
  }
});

test('a block has 64 candidates, itself first, which differ in version and variant only', () => {
  const { overwrites } = uuidV4Shape;
  assert.ok(overwrites !== undefined);
  const block = Buffer.from('00112233445546778899aabbccddeeff', 'hex');
  const restored = overwrites.restore(Buffer.concat([block, Buffer.alloc(16)])).toString('hex');
  const blocks = restored.match(/.{32}/g) ?? [];
  assert.equal(blocks.length, 128);
  assert.equal(new Set(blocks).size, 128);
  assert.equal(blocks[0], block.toString('hex'));
  assert.equal(blocks[64], '0'.repeat(32));
  const written = blocks.slice(0, 64).map((hex) => uuidV4Shape.write(Buffer.from(hex, 'hex')));
  assert.deepEqual(new Set(written), new Set(['00112233-4455-4677-8899-aabbccddeeff']));
});

test('an access token that has a second reading by chance has its own among them', () => {
  // The check of 15 bits fits one candidate in 32768, so about one token in 500 has a second.
  const several = Array.from({ length: 3000 }, (_, serial) => {
    const text = sealAccessToken(KEY, uuidV4Shape, { grantId: 42n, issuedAt: 1_750_000_000, serial });
    return readingsOfAccessToken(RING, uuidV4Shape, text);
  });
  for (const readings of several) assert.ok(isIn(readings, { grantId: 42n, issuedAt: 1_750_000_000 }));
  assert.ok(several.some((readings) => readings.length > 1));
});

test('a guessed UUID of version 4 opens to nothing', () => {
  fc.assert(
    fc.property(fc.uuid({ version: 4 }), (guess) => {
      assert.equal(openRefreshToken(RING, uuidV4Shape, guess), undefined);
    }),
    { numRuns: 1000 },
  );
});
