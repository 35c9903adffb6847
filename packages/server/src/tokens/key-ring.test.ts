import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { OperatorError } from '../errors.ts';
import { ringOf } from './key-ring.cases.ts';
import {
  RING_KEYS_MAX,
  createKeyLine,
  createKeyLines,
  parseKeyRing,
  signingKeyAt,
  withRegistrations,
} from './key-ring.ts';
import { REQUIRED_PURPOSES } from './key-state.ts';
import { registrationOf } from './key-store.ts';

const MASTER = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const MASTER_2 = 'ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8';
const ONE = `1:seal:1750000000:${MASTER}`;
const TWO = `2:seal:1750000001:${MASTER_2}`;
/** Keys of the other purposes, on one line, so that errors name the lines of the case. */
const REST = createKeyLines(900, 0).split('\n').slice(1).join(',');
const parse = (text: string) => parseKeyRing(`${text}\n${REST}`);

const numbersOf = (text: string): readonly number[] => parse(text).seal.keys.map(({ number }) => number);

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
  [
    'numbers that are not counted up by one',
    `999999999:seal:0:${MASTER}\n7:seal:0:${MASTER_2}`,
    [999_999_999, 7],
  ],
];

for (const [name, text, numbers] of READABLE) {
  void test(`a key ring is read from ${name}, newest first`, () => {
    assert.deepEqual(numbersOf(text), numbers);
    assert.equal(parse(text).seal.active.number, numbers[0]);
  });
}

void test('a key is found by its number and has its creation time', () => {
  const { seal } = ringOf(ONE, TWO);
  assert.equal(seal.find(1)?.createdAt, 1_750_000_000);
  assert.equal(seal.find(2)?.createdAt, 1_750_000_001);
  assert.equal(seal.find(3), undefined);
});

void test('the fingerprint of a key is the same in every version and distinguishes keys', () => {
  const { seal } = ringOf(ONE, TWO);
  assert.equal(seal.find(1)?.fingerprint, 'a26593c97c80ca61d40e0dac2b8e83e2');
  assert.match(seal.find(2)?.fingerprint ?? '', /^[0-9a-f]{32}$/);
  assert.notEqual(seal.find(1)?.fingerprint, seal.find(2)?.fingerprint);
});

void test('the active key seals what the ring before it could not have', () => {
  const block = Buffer.alloc(16, 1);
  const active = ringOf(ONE, TWO).seal.active.sealers.refresh.seal(block, 0);
  assert.deepEqual(active, ringOf(TWO).seal.active.sealers.refresh.seal(block, 0));
  assert.notDeepEqual(active, ringOf(ONE).seal.active.sealers.refresh.seal(block, 0));
});

void test('the sealers of two kinds of tokens have nothing in common', () => {
  const { refresh, access } = ringOf(ONE).seal.active.sealers;
  const block = Buffer.alloc(16, 1);
  const [sealed, other] = [refresh.seal(block, 16), access.seal(block, 16)];
  assert.notDeepEqual(sealed.subarray(0, 16), other.subarray(0, 16));
  assert.notDeepEqual(sealed.subarray(16), other.subarray(16));
  assert.equal(access.open(sealed), undefined);
});

void test('a ring holds at most the maximum number of keys', () => {
  const lines = Array.from({ length: RING_KEYS_MAX }, (_, index) =>
    createKeyLine(index + 1, REQUIRED_PURPOSES[index % 4] ?? 'seal', 0),
  );
  assert.equal(parseKeyRing(lines.join('\n')).keys.length, RING_KEYS_MAX);
  lines.push(createKeyLine(RING_KEYS_MAX + 1, 'seal', 0));
  assertUnreadable(lines.join('\n'));
});

void test('a new key line is what its arguments say, and no two are alike', () => {
  const lines = Array.from({ length: 50 }, () => createKeyLine(3, 'webhook', 1_750_000_000));
  const keys = lines.map((line) => ringOf(line).webhook.active);
  for (const { number, createdAt } of keys) assert.deepEqual([number, createdAt], [3, 1_750_000_000]);
  assert.equal(new Set(keys.map(({ fingerprint }) => fingerprint)).size, 50);
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
    () => parseKeyRing(text === '' || /^[#\s,]/.test(text) ? text : `${text}\n${REST}`),
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

const PKCS8 = { type: 'pkcs8', format: 'der' } as const;
const SPKI = { type: 'spki', format: 'der' } as const;
const rsaKey = (modulusLength: number): Buffer =>
  generateKeyPairSync('rsa', { modulusLength, privateKeyEncoding: PKCS8, publicKeyEncoding: SPKI })
    .privateKey;
const ecKey = (): Buffer =>
  generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: PKCS8, publicKeyEncoding: SPKI })
    .privateKey;
const rsaLine = (key: Buffer): string => `1:sign-rs256:0:${key.toString('base64url')}`;

const UNREADABLE: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['blanks only', ' \n\t\r\n , '],
  ['comments only', '# no key yet\n'],
  ['a key alone', MASTER],
  ['no number', `:seal:1750000000:${MASTER}`],
  ['the number 0', `0:seal:1750000000:${MASTER}`],
  ['a number with a leading zero', `01:seal:1750000000:${MASTER}`],
  ['a negative number', `-1:seal:1750000000:${MASTER}`],
  ['a number of ten digits', `1000000000:seal:1750000000:${MASTER}`],
  ['no purpose', `1:1750000000:${MASTER}`],
  ['an unknown purpose', `1:open:1750000000:${MASTER}`],
  ['no moment', `1:seal::${MASTER}`],
  ['a moment in words', `1:seal:yesterday:${MASTER}`],
  ['a moment of eleven digits', `1:seal:17500000000:${MASTER}`],
  ['no key', '1:seal:1750000000:'],
  ['a key one character short', `1:seal:1750000000:${MASTER.slice(1)}`],
  ['a key one character long', `1:seal:1750000000:${MASTER}A`],
  ['a padded key', `1:seal:1750000000:${MASTER}=`],
  ['a key in plain base64', `1:seal:1750000000:${MASTER.slice(2)}+/`],
  ['a key in hexadecimal', `1:seal:1750000000:${'0123456789abcdef'.repeat(4)}`],
  ['one field too many', `${ONE}:x`],
  ['space inside a line', `1: seal:1750000000:${MASTER}`],
  ['two keys on one line', `${ONE} ${TWO}`],
  ['one number twice', `${ONE}\n1:seal:1750000001:${MASTER_2}`],
  ['one line twice', `${ONE}\n${ONE}`],
  ['one number twice among others', `${ONE}\n${TWO}\n3:seal:0:${MASTER}\n2:seal:0:${MASTER}`],
  ['an RSA key of 1024 bits', rsaLine(rsaKey(1024))],
  ['an RSA key that was cut', rsaLine(rsaKey(2048).subarray(0, -9))],
  ['random bytes for an RSA key', `1:sign-rs256:0:${MASTER}`],
  ['a P-256 key for an RSA key', rsaLine(ecKey())],
  ['an RSA key for another purpose', rsaLine(rsaKey(2048)).replace('sign-rs256', 'sign')],
  ['a good line and a bad one', `${ONE}\n2:seal:1750000001:${MASTER_2.slice(1)}`],
];

for (const [name, text] of UNREADABLE) {
  void test(`a key ring with ${name} is refused with an error that reveals no key`, () => {
    assertUnreadable(text);
  });
}

void test('a key ring without keys, and one with a repeated number, are reported as such', () => {
  assert.throws(() => parseKeyRing('# none yet'), /holds no key/);
  assert.throws(() => parse(`${ONE}\n1:seal:0:${MASTER_2}`), /two keys have the same number/);
  assert.throws(() => parse(`${ONE}\n2:seal:0:short`), /line 2 is not NUMBER:PURPOSE:CREATED_AT:KEY/);
});

void test('the check for key material in an error finds a part of a key', () => {
  assert.ok(reveals(`line 1 has ${MASTER.slice(20, 28)}`, ONE));
  assert.ok(!reveals('line 1 is not readable', ONE));
});

void test('a ring without a key of each purpose is refused, and says which it lacks', () => {
  assert.throws(() => parseKeyRing(ONE), /holds no key of purpose sign, session, webhook/);
  assert.throws(() => parseKeyRing(REST), /holds no key of purpose seal/);
});

void test('one secret is no key of two purposes', () => {
  assert.throws(() => parse(`${ONE}\n2:seal:0:${MASTER}`), /holds the same key twice/);
  assert.throws(() => parse(`${ONE}\n2:sign:0:${MASTER}`), /holds the same key twice/);
});

void test('the lines of a new ring are numbered from the first, one key of each purpose', () => {
  const { keys, newestNumber } = parseKeyRing(createKeyLines(5, 9));
  assert.deepEqual(
    keys.toReversed().map(({ number, purpose, createdAt }) => [number, purpose, createdAt]),
    REQUIRED_PURPOSES.map((purpose, index) => [5 + index, purpose, 9]),
  );
  assert.equal(newestNumber, 8);
});

void test('a key that the store does not know makes nothing new while it knows another, and opens like any', () => {
  const text = `${ONE}\n${createKeyLine(7, 'seal', 0)}\n${createKeyLine(8, 'sign', 0)}`;
  const all = parseKeyRing(`${text}\n${createKeyLines(2, 0)}`);
  const ring = withRegistrations(
    all,
    all.keys.map(registrationOf).filter(({ number }) => number < 7),
  );
  assert.ok(ring.seal.active.number < 7);
  assert.ok(signingKeyAt(ring, 10_000).number < 7);
  assert.deepEqual([ring.seal.usable[0]?.number, ring.sign.usable[0]?.number, ring.newestNumber], [7, 8, 8]);
  assert.equal(signingKeyAt(withRegistrations(all, []), 10_000).number, 8);
});

test('a withdrawn key is not active, is found by its number, and makes nothing new', () => {
  const ring = ringOf(ONE, TWO);
  const registered = ring.keys.map(registrationOf);
  const withdrawal = { state: 'retired', atMs: 5 } as const;
  const withdraw = (...numbers: readonly number[]) =>
    withRegistrations(
      ring,
      registered.map((key) => (numbers.includes(key.number) ? { ...key, withdrawal } : key)),
    ).seal;
  const { active, usable, keys, find } = withdraw(2);
  assert.equal(active.number, 1);
  assert.deepEqual(
    usable.map(({ number }) => number),
    [1],
  );
  assert.equal(keys.length, 2);
  assert.deepEqual(find(2)?.withdrawal, withdrawal);
  assert.throws(() => withdraw(1, 2).active, { name: 'StoreError', kind: 'unavailable' });
  assert.equal(withRegistrations(withRegistrations(ring, registered), []).seal.active.number, 2);
});
