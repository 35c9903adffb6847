import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { KeeperError } from '../errors.ts';

/** A key as it was given, with the id by which sealed data names it. */
export type Key = { readonly id: string; readonly secret: Uint8Array };

/** The keys of a keeper: the first one seals, every one opens. */
export type KeyRing = { readonly current: Key; readonly all: readonly Key[] };

const KEY_BYTES = 32;
const MAKE_ONE = `Make one with: node -e "console.log(require('node:crypto').randomBytes(32).toString('base64url'))"`;

/** Keys as text: 32 bytes each in base64url, the current one first. Throws `KeeperError`. */
export const parseKeys = (texts: readonly string[]): KeyRing => {
  const all = texts.map((text, index) => {
    const secret = Buffer.from(text, 'base64url');
    if (secret.length !== KEY_BYTES || !/^[\w+/=-]+$/.test(text))
      throw new KeeperError('key_malformed', `Key ${index + 1} is not 32 bytes in base64url`, MAKE_ONE);
    return {
      id: createHash('sha256').update('keyfob keeper key id').update(secret).digest('hex').slice(0, 8),
      secret,
    };
  });
  const [current] = all;
  if (current === undefined) throw new KeeperError('key_missing', 'There is no key', MAKE_ONE);
  return { current, all };
};

/**
 * Keys from an environment variable: one, or several with commas between while keys change, the current one first.
 * Throws `KeeperError`: a keeper never stores a token in clear.
 */
export const envKeys = (name: string, environment: NodeJS.ProcessEnv = process.env): KeyRing => {
  const value = environment[name]?.trim() ?? '';
  if (value === '')
    throw new KeeperError('key_missing', `The environment variable ${name} has no key`, MAKE_ONE);
  return parseKeys(value.split(',').map((text) => text.trim()));
};

/** The key of one row: what is sealed for another row cannot be opened with it. */
export const rowKey = ({ secret }: Key, row: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `keyfob keeper row ${row}`, KEY_BYTES));

/** The lookup value of a token under one key: equal for equal tokens, and nothing can be learned from it. */
export const lookupOf = (key: Key, token: string): Uint8Array =>
  createHmac('sha256', lookupKey(key)).update(token).digest().subarray(0, 16);

const lookupKeys = new WeakMap<Key, Buffer>();

const lookupKey = (key: Key): Buffer => {
  const known = lookupKeys.get(key);
  if (known !== undefined) return known;
  const made = Buffer.from(hkdfSync('sha256', key.secret, '', 'keyfob keeper lookup', KEY_BYTES));
  lookupKeys.set(key, made);
  return made;
};
