import fc from 'fast-check';
import { saysOther } from '../support/uuid-token.ts';
import type { DialectName } from '../support/dialect-name.ts';

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_'.split('');

/** The text in reverse order. */
export const reversed = (text: string): string => text.split('').toReversed().join('');

const replaceAt = (text: string, at: number, letter: string): string =>
  text.slice(0, at) + letter + text.slice(at + 1);

/** A string that is almost, but never exactly, the genuine one. */
export const nearMiss = (genuine: string): fc.Arbitrary<string> => {
  const at = fc.nat(genuine.length - 1);
  return fc
    .oneof(
      fc.tuple(at, fc.constantFrom(...LETTERS)).map(([place, letter]) => replaceAt(genuine, place, letter)),
      fc.tuple(at, at).map(([one, two]) => replaceAt(genuine, one, genuine.charAt(two))),
      at.map((length) => genuine.slice(0, length)),
      at.map((start) => genuine.slice(start + 1)),
      at.map((place) => genuine.slice(0, place) + genuine.slice(place + 1)),
      at.map((place) => `${genuine.slice(0, place)}\0${genuine.slice(place)}`),
      fc.constantFrom(
        genuine.toUpperCase(),
        genuine.toLowerCase(),
        genuine + genuine,
        reversed(genuine),
        ` ${genuine}`,
        ...[' ', '\0', '\n', '\t', '%', '.', "'", '\u200b'].map((tail) => genuine + tail),
        `"${genuine}"`,
        `\ufeff${genuine}`,
      ),
    )
    .map((text) => (text === genuine ? `${genuine}x` : text));
};

/**
 * A string that is almost the genuine refresh token, and that says something else: the version and the variant of a UUID are
 * no part of what it says.
 */
export const nearMissToken = (dialect: DialectName, genuine: string): fc.Arbitrary<string> =>
  nearMiss(genuine).filter((text) => dialect !== 'smartcar' || saysOther(text, genuine));

const repeated = (unit: fc.Arbitrary<string>, maxLength = 40): fc.Arbitrary<string> =>
  fc.string({ unit, maxLength });

const CONTROL = fc.integer({ min: 0, max: 31 }).map((code) => String.fromCharCode(code));
const PERCENT = fc.constantFrom('%', '+', '&', '=', ';', '%zz', '%ff', '%00', '%25', '%c0%af', '%0d%0a', 'a');
const WORDS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'true',
  'NaN',
  '-1',
  '1e309',

  '[object Object]',
  "' OR 1=1 --",
  '"; DROP TABLE grants; --',
  '../../../etc/passwd',
  '#{7*7}',
  '{{7*7}}',

  'refresh_token',
  'authorization_code',
  'hyundai',
  'kia',
  'close',
  'chunked',
  '100-continue',
  '\ufeff',
  '\u2028',
];

/** Text that often breaks parsers: empty, huge, control characters, percent signs, other scripts. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', ' ', '\t', '\0', ',', ':', '\r\n', '\r\nX: y', '\n\n'),
  fc.constantFrom(...WORDS),
  repeated(PERCENT),
  repeated(CONTROL, 8),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'binary-ascii', maxLength: 60 }),
  fc.constantFrom(255, 256, 257, 1000, 4000, 9000).map((length) => 'x'.repeat(length)),
  fc.uuid(),
);

/** Huge text, close to or far above the limits of the server. */
export const hugeText: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('x', '%', '\u00ff', '[', '{"a":', '&', '=', 'a=b&'),
    fc.constantFrom(16_300, 17_000, 70_000),
  )
  .map(([unit, length]) => unit.repeat(length / unit.length));

/** Text for a header, with one byte per character. */
export const hostileHeader: fc.Arbitrary<string> = hostileText.map((text) =>
  Buffer.from(text.toWellFormed()).toString('latin1'),
);

/** JSON text in place of a string: other types, unusual numbers, nesting, bad escapes, hostile strings. */
export const hostileJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: hostileText.map((text) => JSON.stringify(text)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      'false',
      '0',
      '-0',
      '1e400',
      '123456789012345678901234567890',
      '[]',
      '{}',
      '[[]]',
      '"\\u0000"',
      '"\\ud800"',
      '"\\x"',
      "'x'",
      '',
      'NaN',
      'undefined',
      '"',
      '01',
      '+1',
      '{"__proto__":{}}',

      '['.repeat(900) + ']'.repeat(900),
      '{"a":'.repeat(400) + '1' + '}'.repeat(400),
    ),
  },
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
);
