import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BLOCK_BYTES } from './sealer.ts';
import { base36Shape, base62Shape, base64UrlShape } from './base-shapes.ts';
import { uuidPairShape, uuidShape } from './shape.ts';
import type { Shape } from './shape.ts';

type ShapeFacts = {
  readonly name: string;
  readonly shape: Shape;
  readonly form: RegExp;
  readonly alphabet: string;
  readonly zeros: string;
  readonly ones: string;
  readonly malformed: readonly string[];
};

const UUID = '01234567-89ab-cdef-0123-456789abcdef';
const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

const SHAPES: readonly ShapeFacts[] = [
  {
    name: 'a UUID',
    shape: uuidShape,
    form: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    alphabet: '0123456789abcdef-',
    zeros: '00000000-0000-0000-0000-000000000000',
    ones: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    malformed: [
      UUID.toUpperCase(),
      UUID.replace('a', 'A'),
      UUID.replaceAll('-', ''),
      UUID.replace('-', ''),
      UUID.replaceAll('-', '_'),
      `{${UUID}}`,
      `urn:uuid:${UUID}`,
      '0123456-789ab-cdef-0123-456789abcdef',
      UUID.replace('0', 'g'),
      UUID.replace('0', '０'),
    ],
  },
  {
    name: 'a token in base 36',
    shape: base36Shape,
    form: /^[0-9A-Z]{36}$/,
    alphabet: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    zeros: '0'.repeat(36),
    ones: '8AP69M92GRIJ9J5NWDX1UG5JL8TDLMGFJ8CF',
    malformed: [
      // One more than 23 bytes can say, and as much as 36 characters can.
      '8AP69M92GRIJ9J5NWDX1UG5JL8TDLMGFJ8CG',
      'Z'.repeat(36),
      'a'.repeat(36),
      '8AP69M92GRIJ9J5NWDX1UG5JL8TDLMGFJ8Ca',
      UUID,
      `-${'0'.repeat(35)}`,
      '０'.repeat(36),
    ],
  },
  {
    name: 'a token in base 62',
    shape: base62Shape,
    form: /^[0-9A-Za-z]{36}$/,
    alphabet: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    zeros: '0'.repeat(36),
    ones: '1HvWXNAa7'.repeat(4),
    malformed: [
      // In each quarter, one more than 6 bytes can say.
      ...[0, 9, 18, 27].map((at) => `${'0'.repeat(at)}1HvWXNAa8${'0'.repeat(27 - at)}`),
      'z'.repeat(36),
      UUID,
      `_${'0'.repeat(35)}`,
      '０'.repeat(36),
    ],
  },
  {
    name: 'a pair of UUIDs',
    shape: uuidPairShape,
    form: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    alphabet: '0123456789abcdef-.',
    zeros: `${ZERO_UUID}.${ZERO_UUID}`,
    ones: `${ZERO_UUID}.${ZERO_UUID}`.replaceAll('0', 'f'),
    malformed: [
      UUID,
      `${UUID}.`,
      `.${UUID}`,
      `${UUID}-${UUID}`,
      `${UUID}..${UUID}`,
      `${UUID}.${UUID}.${UUID}`,
      `${UUID}.${UUID.toUpperCase()}`,
      `${UUID}.${UUID.replaceAll('-', '')}`,
      // As many characters, but the dashes or the dot elsewhere.
      `${UUID}.0123456-789ab-cdef-0123-456789abcdef`,
      `${UUID}0.${UUID.slice(1)}`,
      `${'-'.repeat(36)}.${UUID}`,
      `${UUID}.${UUID.replace('0', '０')}`,
    ],
  },
  {
    name: 'a token in base64url',
    shape: base64UrlShape,
    form: /^[A-Za-z0-9_-]{40}$/,
    alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
    zeros: 'A'.repeat(40),
    ones: '_'.repeat(40),
    malformed: [UUID, `+${'A'.repeat(39)}`, `/${'A'.repeat(39)}`, `${'A'.repeat(39)}=`, '０'.repeat(40)],
  },
];

for (const { name, shape, form, alphabet, zeros, ones, malformed } of SHAPES) {
  const size = BLOCK_BYTES + shape.macBytes;
  const sealed = fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes));

  void test(`${name} has exactly the documented form, and reads back, whatever its bytes`, () => {
    fc.assert(
      fc.property(sealed, (bytes) => {
        const text = shape.write(bytes);
        assert.match(text, form);
        assert.deepEqual(shape.read(text), bytes);
      }),
    );
  });

  void test(`${name} of the least and of the greatest bytes has its form too`, () => {
    assert.equal(shape.write(Buffer.alloc(size)), zeros);
    assert.deepEqual(shape.read(zeros), Buffer.alloc(size));
    assert.equal(shape.write(Buffer.alloc(size, 0xff)), ones);
    assert.deepEqual(shape.read(ones), Buffer.alloc(size, 0xff));
  });

  void test(`${name} has one spelling only`, () => {
    const letters = fc.array(fc.constantFrom(...Array.from(alphabet)), {
      minLength: zeros.length,
      maxLength: zeros.length,
    });
    const texts = letters.map((list) => list.join(''));
    // Low quarters too, or hardly any random text in base 62 would be in range.
    const lowTexts = texts.map((text) => text.replaceAll(/(?<=^(?:.{9})*)./g, '0'));
    const oneChanged = fc
      .tuple(sealed, fc.nat({ max: zeros.length - 1 }), fc.constantFrom(...Array.from(alphabet)))
      .map(([bytes, at, other]) => {
        const text = shape.write(bytes);
        return text.slice(0, at) + other + text.slice(at + 1);
      });
    fc.assert(
      fc.property(fc.oneof(texts, lowTexts, oneChanged), (text) => {
        const bytes = shape.read(text);
        if (bytes !== 'malformed') assert.equal(shape.write(bytes), text);
      }),
      { numRuns: 500 },
    );
  });

  void test(`${name} cut short, drawn out or with space around it is malformed`, () => {
    const text = shape.write(Buffer.alloc(size, 0x5a));
    for (let length = 0; length < text.length; length++) {
      assert.equal(shape.read(text.slice(0, length)), 'malformed');
      assert.equal(shape.read(text.slice(-length || text.length)), 'malformed');
    }
    for (const longer of [
      `${text}0`,
      `0${text}`,
      `${text}\n`,
      ` ${text}`,
      `${text} `,
      `${text}\0`,
      text + text,
    ])
      assert.equal(shape.read(longer), 'malformed');
  });

  void test(`what only looks like ${name} is malformed`, () => {
    for (const text of malformed) assert.equal(shape.read(text), 'malformed', text);
  });

  void test(`any text at all is either ${name} or malformed`, () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ minLength: zeros.length, maxLength: zeros.length, unit: 'grapheme' }),
        ),
        (text) => {
          const bytes = shape.read(text);
          if (!form.test(text)) assert.equal(bytes, 'malformed');
          else assert.ok(bytes === 'malformed' || bytes.length === size);
        },
      ),
    );
  });
}
