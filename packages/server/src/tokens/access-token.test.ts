import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { SERIAL_MAX, openAccessToken, sealAccessToken } from './access-token.ts';
import type { NewAccessToken } from './access-token.ts';
import { ringOf } from './key-ring.cases.ts';
import { openRefreshToken } from './refresh-token.ts';
import { base36Shape, base62Shape } from './base-shapes.ts';
import { uuidShape, withTail } from './shape.ts';
import type { Shape } from './shape.ts';

const LINE = '1:seal:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const OTHER_LINE = '2:seal:1750000000:_wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const RING = ringOf(LINE);
const KEY = RING.seal.active;
const TOKEN = { grantId: 0x0123_4567_89ab_cdefn, issuedAt: 1_750_000_000, serial: 1 };
const LAST = { grantId: -2n, issuedAt: 0xffff_ffff, serial: SERIAL_MAX };

const longShape = withTail(base62Shape, { from: 36, maxCharacters: 392 });

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

const tokens = fc.record({
  grantId: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  issuedAt: fc.integer({ min: 0, max: 0xffff_ffff }),
  serial: fc.integer({ min: 0, max: SERIAL_MAX }),
});

/** Made from the specification by another program. */
const KNOWN = [
  [TOKEN, '3ea05c35-88f4-0b5f-ce9e-f1a9b24e4848', '0JYI5s8EG03YAz7aRt0tfYZkzQk0KHXtcBzz'],
  [LAST, '74cabc57-7120-7e30-7a92-650b7f46617e', '0aSnjHcQK0dOiDBNLX0djj3eAZU0hOjy8J3U'],
] as const;

for (const [token, uuid, text36] of KNOWN) {
  void test(`the access token ${token.serial} of grant ${token.grantId} is the same in every version`, () => {
    const { grantId, issuedAt } = token;
    assert.equal(sealAccessToken(KEY, uuidShape, token), uuid);
    assert.equal(sealAccessToken(KEY, base62Shape, token), text36);
    assert.deepEqual(openAccessToken(RING, uuidShape, uuid), { grantId, issuedAt });
    assert.deepEqual(openAccessToken(RING, base62Shape, text36), { grantId, issuedAt });
  });
}

const SHAPES: readonly (readonly [string, Shape, RegExp])[] = [
  ['UUID', uuidShape, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/],
  ['base 62', base62Shape, /^[0-9A-Za-z]{36}$/],
  ['long', longShape, /^[0-9A-Za-z]{428}$/],
];

for (const [name, shape, form] of SHAPES) {
  void test(`every ${name} access token has its form and opens to its grant and moment`, () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const text = sealAccessToken(KEY, shape, token);
        assert.match(text, form);
        const { grantId, issuedAt } = token;
        assert.deepEqual(openAccessToken(RING, shape, text), { grantId, issuedAt });
      }),
    );
  });

  void test(`two ${name} access tokens of one grant and one second differ by their serial`, () => {
    fc.assert(
      fc.property(tokens, fc.integer({ min: 0, max: SERIAL_MAX }), (token, serial) => {
        const first = sealAccessToken(KEY, shape, token);
        const second = sealAccessToken(KEY, shape, { ...token, serial });
        assert.equal(first === second, token.serial === serial);
      }),
    );
  });

  void test(`a ${name} access token with any bit of its bytes flipped does not open to its grant`, () => {
    const text = sealAccessToken(KEY, shape, TOKEN);
    const tail = text.slice(shape.tail?.from ?? text.length);
    const sealed = shape.read(text);
    assert.notEqual(sealed, 'malformed');
    const bytes = Buffer.from(sealed as Buffer);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const opened = openAccessToken(RING, shape, shape.write(flipped) + tail);
      assert.notEqual(opened?.grantId, TOKEN.grantId);
    }
  });

  void test(`a ${name} access token with any one character changed does not open to its grant`, () => {
    const text = sealAccessToken(KEY, shape, TOKEN);
    for (let at = 0; at < text.length; at++) {
      for (const other of at < 40 ? `${LETTERS}-_ ` : 'aA0_') {
        if (other === text[at]) continue;
        const opened = openAccessToken(RING, shape, text.slice(0, at) + other + text.slice(at + 1));
        assert.notEqual(opened?.grantId, TOKEN.grantId, `${at} ${other}`);
      }
    }
  });

  void test(`a ${name} access token cut short or drawn out opens to nothing`, () => {
    const text = sealAccessToken(KEY, shape, TOKEN);
    for (let length = 0; length < text.length; length++)
      assert.equal(openAccessToken(RING, shape, text.slice(0, length)), undefined);
    for (const longer of [`${text}0`, `0${text}`, `${text}\n`, ` ${text}`])
      assert.equal(openAccessToken(RING, shape, longer), undefined);
  });

  void test(`a ${name} access token does not open to its grant under another key`, () => {
    const other = ringOf(OTHER_LINE);
    fc.assert(
      fc.property(tokens, (token) => {
        const opened = openAccessToken(other, shape, sealAccessToken(KEY, shape, token));
        assert.notEqual(opened?.grantId, token.grantId);
      }),
    );
  });

  void test(`a ${name} access token opens with an older key of the ring`, () => {
    const text = sealAccessToken(KEY, shape, TOKEN);
    const opened = openAccessToken(ringOf(LINE, OTHER_LINE), shape, text);
    assert.deepEqual(opened, { grantId: TOKEN.grantId, issuedAt: TOKEN.issuedAt });
  });
}

void test('an access token with a MAC that was changed opens to nothing', () => {
  const text = sealAccessToken(KEY, base62Shape, TOKEN);
  for (let at = 0; at < text.length; at++) {
    for (const other of LETTERS) {
      if (other === text[at]) continue;
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      assert.equal(openAccessToken(RING, base62Shape, changed), undefined);
    }
  }
});

/** Made from the specification by another program. */
const KNOWN_LONG: readonly (readonly [NewAccessToken, string])[] = [
  [
    TOKEN,
    '0TNiMJscM03R0jLzIW0HRTOPb7Q0YXvO5hwYrZ4KsP7mJhnMOM690GPQl2nQHINJVoyCjmI7ARzfN38w5tbohtEKIxcXEtJQLdpFHT0vqYxhgUmfaVeAosBFIStzkJI9vIweLhEWSZRBaalNt3d3Kv3fCOhmZUsuaRH7x9uUSCYpXNLs5bgbwmovlMwN52BblBTIKIQYPqyqaqIlbTQNqcX60pozSg6FHESMtUaaEejHYLZyyaDrGgU9N7UgzpZJvdIQOHWPOhIMTv3txKmQ68bFbAnUXGb4ocKF3JDNpFB0Lm5EjI56tmV8lw6LED9ZcXJS54zKFOjOzAAzu76VKo0eOIWviL9GAADPO4kQVWpMPge6ShWapOI8VR2TQOw2tWbtF2KXnjXWQTfwxEZELls94v7dPTIiRptpqpcJRHT3',
  ],
  [
    { ...TOKEN, length: 101 },
    '190WmoQC90TwfPT9ms18cJY5vZh0QMYnbS3pcLJUP53Wliqd6eqRxgwl30NpKj9clC1OvQh2TneqJwwIXE7KJrwgy0ezhuP3tCaaR',
  ],
  [{ ...LAST, length: 37 }, '04m9xdAFB0E5PuLXfd0RYDutcSy17exuYPwRf'],
];

for (const [token, text] of KNOWN_LONG)
  void test(`the access token ${token.serial} of ${text.length} characters is the same in every version`, () => {
    assert.equal(sealAccessToken(KEY, longShape, token), text);
    const { grantId, issuedAt } = token;
    assert.deepEqual(openAccessToken(RING, longShape, text), { grantId, issuedAt });
  });

void test('an access token of any length opens, whatever length tokens have now', () => {
  fc.assert(
    fc.property(tokens, fc.integer({ min: 0, max: 500 }), (token, length) => {
      const text = sealAccessToken(KEY, longShape, { ...token, length });
      assert.equal(text.length, Math.min(428, Math.max(36, length)));
      const { grantId, issuedAt } = token;
      assert.deepEqual(openAccessToken(RING, longShape, text), { grantId, issuedAt });
    }),
  );
});

void test('a long access token that was cut opens to nothing, also at a length that tokens may have', () => {
  for (const length of [428, 255, 37]) {
    const text = sealAccessToken(KEY, longShape, { ...TOKEN, length });
    for (let cut = 0; cut < length; cut++)
      assert.equal(openAccessToken(RING, longShape, text.slice(0, cut)), undefined, `${length} ${cut}`);
  }
});

void test('an access token without a tail, or with a short one, cannot be drawn out', () => {
  const whole = sealAccessToken(KEY, longShape, TOKEN);
  for (const length of [36, 37, 255]) {
    const text = sealAccessToken(KEY, longShape, { ...TOKEN, length });
    assert.equal(openAccessToken(RING, longShape, text + whole.slice(length)), undefined);
    assert.equal(openAccessToken(RING, longShape, `${text}0`), undefined);
  }
});

void test('the tail of one access token does not fit another', () => {
  const text = sealAccessToken(KEY, longShape, TOKEN);
  const other = sealAccessToken(KEY, longShape, { ...TOKEN, serial: 2 });
  assert.equal(openAccessToken(RING, longShape, text.slice(0, 36) + other.slice(36)), undefined);
});

void test('every bit of the check counts: a block whose check is not zero does not open', () => {
  for (let bit = 0; bit < 16; bit++) {
    const block = Buffer.alloc(16);
    block.writeUInt16BE(2 ** bit, 14);
    for (const shape of [uuidShape, base62Shape]) {
      const text = shape.write(KEY.sealers.access.seal(block, shape.macBytes));
      assert.equal(openAccessToken(RING, shape, text), undefined);
    }
  }
});

void test('no access token opens as a refresh token', () => {
  fc.assert(
    fc.property(tokens, (token) => {
      const uuid = sealAccessToken(KEY, uuidShape, token);
      assert.equal(openRefreshToken(RING, uuidShape, uuid), undefined);
      const text36 = sealAccessToken(KEY, base62Shape, token);
      const opened = openRefreshToken(RING, base36Shape, text36.toUpperCase());
      assert.ok(opened === undefined || opened === 'malformed');
    }),
  );
});

for (const [name, shape, form] of SHAPES)
  void test(`a ${name} access token that selects scopes has the usual form and opens to its selection`, () => {
    const selections = fc.integer({ min: 1, max: 0xffff });
    fc.assert(
      fc.property(tokens, selections, (token, selection) => {
        const text = sealAccessToken(KEY, shape, { ...token, selection });
        assert.match(text, form);
        const { grantId, issuedAt } = token;
        assert.deepEqual(openAccessToken(RING, shape, text), { grantId, issuedAt, selection });
      }),
    );
    for (const selection of [0, 0x1_0000])
      assert.throws(() => sealAccessToken(KEY, shape, { ...TOKEN, selection }), RangeError);
  });
