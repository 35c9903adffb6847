import { digestImportedToken } from '../tokens/imported-token.ts';
import type { Fields } from './records.ts';

/**
 * What exports write where there is no value, or where a program failed: databases (`NULL`, `\N`), languages (`None`,
 * `undefined`, `[object Object]`), data frames (`nan`, `NaT`) and spreadsheets (`#NAME?`, `#####`).
 */
const NAMES = [
  'NULL',
  '(null)',
  '[NULL]',
  '<null>',
  '\\N',
  'nil',
  'None',
  'undefined',
  'NaN',
  'NaT',
  '<NA>',
  'N/A',
  '#N/A',
  '#NAME?',
  '#REF!',
  '#VALUE!',
  '#DIV/0!',
  '#NUM!',
  '#NULL!',
  '[object Object]',
] as const;

const BY_TEXT: ReadonlyMap<string, string> = new Map(NAMES.map((name) => [name.toLowerCase(), name]));
const LONGEST = 40;
const HASHES = /^#{3,}$/;
/** What a spreadsheet makes of a long number. Only with the sign of its exponent: `12e4` may be an id. */
const SCIENTIFIC = /^[+-]?\d(?:[.,]\d+)?E[+-]\d{1,3}$/i;

/** Digests of nothing and of placeholders: what hashing a missing token gives. */
const BY_DIGEST: ReadonlyMap<string, string> = new Map([
  [digestImportedToken('').toString('hex'), 'an empty text'],
  ...NAMES.flatMap((name) =>
    [name, name.toLowerCase(), name.toUpperCase()].map(
      (text) => [digestImportedToken(text).toString('hex'), name] as const,
    ),
  ),
]);

/** Describes the first member of a row that holds a placeholder instead of a value. */
export const findPlaceholder = (fields: Fields): string | undefined => {
  for (const [field, value] of Object.entries(fields)) {
    const name = typeof value === 'string' ? nameOf(value.trim()) : undefined;
    if (name !== undefined) return `${field} is ${name}`;
  }
  return undefined;
};

/** Describes what was hashed, if it was no token. */
export const findHashedPlaceholder = (digest: Buffer): string | undefined => {
  const name = BY_DIGEST.get(digest.toString('hex'));
  return name === undefined ? undefined : `refresh_token_sha256 is the SHA-256 of ${name}`;
};

const nameOf = (text: string): string | undefined => {
  if (text.length > LONGEST) return undefined;
  if (SCIENTIFIC.test(text)) return 'a number in scientific notation';
  if (HASHES.test(text)) return '###';
  return BY_TEXT.get(text.toLowerCase());
};
