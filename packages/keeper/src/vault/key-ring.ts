import { createHash, createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { KeeperError } from '../errors.ts';

/** A key as it was given, with the id by which sealed data names it. */
export type Key = { readonly id: string; readonly secret: Uint8Array };

/** What finds a token again, and opens nothing: derived from a key, with the id of that. */
export type LookupKey = { readonly id: string; readonly secret: Uint8Array };

/** The keys of a keeper: the first one seals, every one opens. */
export type KeyRing = {
  readonly current: Key;
  readonly all: readonly Key[];
  /** Of keys that the store has had: tokens that were used under them are still recognised. */
  readonly former?: readonly LookupKey[];
};

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
export const rowKey = (key: Key, row: string): Uint8Array => expand(key, `keyfob keeper row ${row}`);

/** The key that shows who wrote a row which is not encrypted. */
export const bindingKey = (key: Key): KeyObject => deriveFrom(key).binding;

/** The lookup value of a token under one key: equal for equal tokens, and nothing can be learned from it. */
export const lookupOf = (key: Key, token: string): Uint8Array => lookupWith(deriveFrom(key).lookup, token);

const lookupWith = (secret: KeyObject | Uint8Array, token: string): Uint8Array =>
  createHmac('sha256', secret).update(token).digest().subarray(0, 16);

/** The lookup values of a token under every key that its store has, or has had. */
export const lookupsOf = ({ all, former = [] }: KeyRing, token: string): readonly Uint8Array[] => [
  ...all.map((key) => lookupOf(key, token)),
  ...former
    .filter(({ id }) => all.every((key) => key.id !== id))
    .map(({ secret }) => lookupWith(secret, token)),
];

/** What is left of a key when it leaves the ring. */
export const lookupKeyOf = (key: Key): LookupKey => ({ id: key.id, secret: deriveFrom(key).lookup.export() });

/** What is derived once per key, and used for every row. */
type Derived = { readonly extracted: KeyObject; readonly lookup: KeyObject; readonly binding: KeyObject };
const derived = new WeakMap<Key, Derived>();

const deriveFrom = (key: Key): Derived => {
  const known = derived.get(key);
  if (known !== undefined) return known;
  // Without a salt, HKDF extracts with zeros.
  const extracted = createSecretKey(
    createHmac('sha256', Buffer.alloc(KEY_BYTES)).update(key.secret).digest(),
  );
  const made = {
    extracted,
    lookup: createSecretKey(expandFrom(extracted, 'keyfob keeper lookup')),
    binding: createSecretKey(expandFrom(extracted, 'keyfob keeper binding')),
  };
  derived.set(key, made);
  return made;
};

/** HKDF with SHA-256 for one block. `hkdfSync` extracts again at every call, which costs more than everything else. */
const expand = (key: Key, purpose: string): Uint8Array => expandFrom(deriveFrom(key).extracted, purpose);

const expandFrom = (extracted: KeyObject, purpose: string): Uint8Array =>
  createHmac('sha256', extracted).update(`${purpose}\u0001`).digest();
