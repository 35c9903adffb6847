import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { OperatorError } from '../errors.ts';
import { RING_KEYS_MAX, createKeyLine, parseKeyRing } from './key-ring.ts';

const MASTER = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const MASTER_2 = 'ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8';
const ONE = `1:1750000000:${MASTER}`;
const TWO = `2:1750000001:${MASTER_2}`;

const numbersOf = (text: string): readonly number[] => parseKeyRing(text).keys.map(({ number }) => number);

const READABLE: readonly (readonly [string, string, readonly number[]])[] = [
  ['one line', ONE, [1]],
  ['one line with a line end', `${ONE}\n`, [1]],
  ['two lines', `${ONE}\n${TWO}\n`, [2, 1]],
  ['two lines in the other order', `${TWO}\n${ONE}\n`, [2, 1]],
  ['the line ends of Windows', `${ONE}\r\n${TWO}\r\n`, [2, 1]],
  ['commas, as they fit an environment variable', `${ONE},${TWO}`, [2, 1]],
  ['commas with spaces and one at the end', ` ${ONE} , ${TWO} , `, [2, 1]],
  ['commas and line ends together', `${ONE},\n${TWO},\n`, [2, 1]],
  ['blank lines', `\n\n${ONE}\n\n\n${TWO}\n\n`, [2, 1]],
  ['comments', `# keys of the pilot\n${ONE}\n  # since May\n${TWO}\n`, [2, 1]],
  ['a byte order mark', `\uFEFF${ONE}`, [1]],
  ['numbers that are not counted up by one', `999999999:0:${MASTER}\n7:0:${MASTER_2}`, [999_999_999, 7]],
];

for (const [name, text, numbers] of READABLE) {
  void test(`a key ring is read from ${name}, newest first`, () => {
    assert.deepEqual(numbersOf(text), numbers);
    assert.equal(parseKeyRing(text).newest.number, numbers[0]);
  });
}

void test('a key is found by its number and has its creation time', () => {
  const ring = parseKeyRing(`${ONE}\n${TWO}`);
  assert.equal(ring.find(1)?.createdAt, 1_750_000_000);
  assert.equal(ring.find(2)?.createdAt, 1_750_000_001);
  assert.equal(ring.find(3), undefined);
});

void test('the fingerprint of a key is the same in every version and distinguishes keys', () => {
  const ring = parseKeyRing(`${ONE}\n${TWO}`);
  assert.equal(ring.find(1)?.fingerprint, 'a26593c97c80ca61d40e0dac2b8e83e2');
  assert.match(ring.find(2)?.fingerprint ?? '', /^[0-9a-f]{32}$/);
  assert.notEqual(ring.find(1)?.fingerprint, ring.find(2)?.fingerprint);
});

void test('the newest key seals what the ring before it could not have', () => {
  const block = Buffer.alloc(16, 1);
  const newest = parseKeyRing(`${ONE}\n${TWO}`).newest.sealers.refresh.seal(block, 0);
  assert.deepEqual(newest, parseKeyRing(TWO).newest.sealers.refresh.seal(block, 0));
  assert.notDeepEqual(newest, parseKeyRing(ONE).newest.sealers.refresh.seal(block, 0));
});

void test('the sealers of the two purposes have nothing in common', () => {
  const { refresh, access } = parseKeyRing(ONE).newest.sealers;
  const block = Buffer.alloc(16, 1);
  const [sealed, other] = [refresh.seal(block, 16), access.seal(block, 16)];
  assert.notDeepEqual(sealed.subarray(0, 16), other.subarray(0, 16));
  assert.notDeepEqual(sealed.subarray(16), other.subarray(16));
  assert.equal(access.open(sealed), undefined);
});

void test('a ring holds at most the maximum number of keys', () => {
  const lines = Array.from({ length: RING_KEYS_MAX }, (_, index) => createKeyLine(index + 1, 0));
  assert.equal(parseKeyRing(lines.join('\n')).keys.length, RING_KEYS_MAX);
  lines.push(createKeyLine(RING_KEYS_MAX + 1, 0));
  assertUnreadable(lines.join('\n'));
});

void test('a new key line is a ring of its own, and no two are alike', () => {
  const lines = Array.from({ length: 50 }, () => createKeyLine(3, 1_750_000_000));
  for (const line of lines) {
    const { newest } = parseKeyRing(line);
    assert.deepEqual([newest.number, newest.createdAt], [3, 1_750_000_000]);
  }
  assert.equal(new Set(lines.map((line) => parseKeyRing(line).newest.fingerprint)).size, 50);
});

/** Whether the text holds eight consecutive characters of any key of the ring. */
const reveals = (message: string, ring: string): boolean =>
  ring
    .split(/[^A-Za-z0-9_+/-]+/)
    .filter((part) => part.length >= 32)
    .some((part) =>
      Array.from(part, (_, at) => part.slice(at, at + 8)).some(
        (bit) => bit.length === 8 && message.includes(bit),
      ),
    );

/** Refused as unreadable, without a word of a key in anything that may be printed of the error. */
const assertUnreadable = (text: string): void => {
  assert.throws(
    () => parseKeyRing(text),
    (error: unknown) => {
      assert.ok(error instanceof OperatorError);
      assert.equal(error.code, 'key_malformed');
      const printed = [
        inspect(error, { depth: 5 }),
        error.message,
        error.remedy,
        error.stack,
        JSON.stringify(error),
      ];
      assert.ok(!reveals(printed.join('\n'), text));
      return true;
    },
  );
};

const UNREADABLE: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['blanks only', ' \n\t\r\n , '],
  ['comments only', '# no key yet\n'],
  ['a key alone', MASTER],
  ['no number', `:1750000000:${MASTER}`],
  ['the number 0', `0:1750000000:${MASTER}`],
  ['a number with a leading zero', `01:1750000000:${MASTER}`],
  ['a negative number', `-1:1750000000:${MASTER}`],
  ['a number of ten digits', `1000000000:1750000000:${MASTER}`],
  ['no moment', `1::${MASTER}`],
  ['a moment in words', `1:yesterday:${MASTER}`],
  ['a moment of eleven digits', `1:17500000000:${MASTER}`],
  ['no key', '1:1750000000:'],
  ['a key one character short', `1:1750000000:${MASTER.slice(1)}`],
  ['a key one character long', `1:1750000000:${MASTER}A`],
  ['a padded key', `1:1750000000:${MASTER}=`],
  ['a key in plain base64', `1:1750000000:${MASTER.slice(2)}+/`],
  ['a key in hexadecimal', `1:1750000000:${'0123456789abcdef'.repeat(4)}`],
  ['one field too many', `${ONE}:x`],
  ['space inside a line', `1: 1750000000:${MASTER}`],
  ['two keys on one line', `${ONE} ${TWO}`],
  ['one number twice', `${ONE}\n1:1750000001:${MASTER_2}`],
  ['one line twice', `${ONE}\n${ONE}`],
  ['one number twice among others', `${ONE}\n${TWO}\n3:0:${MASTER}\n2:0:${MASTER}`],
  ['a good line and a bad one', `${ONE}\n2:1750000001:${MASTER_2.slice(1)}`],
];

for (const [name, text] of UNREADABLE) {
  void test(`a key ring with ${name} is refused with an error that reveals no key`, () => {
    assertUnreadable(text);
  });
}

void test('a key ring without keys, and one with a repeated number, are reported as such', () => {
  assert.throws(() => parseKeyRing('# none yet'), /holds no key/);
  assert.throws(() => parseKeyRing(`${ONE}\n1:0:${MASTER_2}`), /two keys have the same number/);
  assert.throws(() => parseKeyRing(`${ONE}\n2:0:short`), /line 2 is not NUMBER:CREATED_AT:KEY/);
});

void test('the check for key material in an error finds a part of a key', () => {
  assert.ok(reveals(`line 1 has ${MASTER.slice(20, 28)}`, ONE));
  assert.ok(!reveals('line 1 is not readable', ONE));
});
