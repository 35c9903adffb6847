import { createPublicKey } from 'node:crypto';

/** A document of a provider, and its entries that cannot be used, each with its place and without a value. */
export type ProviderDocument = { readonly document: unknown; readonly leftOut: readonly string[] };

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads the metadata or the keys of a provider, so that one bad entry does not hide the others. A member that is `null` is
 * like a missing one. A list of what the provider supports keeps its texts, and a list of keys those that can be used:
 * a type of key that nobody knows here stays, because it is never chosen.
 */
export const readProviderDocument = (value: unknown): ProviderDocument => {
  if (!isObject(value)) return { document: value, leftOut: [] };
  const leftOut: string[] = [];
  const members = Object.entries(dropNull(value)).map(([name, member]) => {
    if (!Array.isArray(member)) return [name, member];
    if (name === 'keys') return [name, readKeys(member, leftOut)];
    return [name, name.endsWith('_supported') ? readTexts(name, member, leftOut) : member];
  });
  return { document: Object.fromEntries(members), leftOut };
};

const dropNull = (members: Members): Members =>
  Object.fromEntries(Object.entries(members).filter(([, member]) => member !== null));

const readTexts = (name: string, list: readonly unknown[], leftOut: string[]): readonly unknown[] =>
  list.filter((entry, index) => {
    const isText = typeof entry === 'string';
    if (!isText) leftOut.push(`${name.slice(0, 64)}[${index}]: not a text`);
    return isText;
  });

const readKeys = (list: readonly unknown[], leftOut: string[]): readonly unknown[] => {
  const seen = new Set<string>();
  return list.flatMap((entry, index) => {
    const key = isObject(entry) ? dropNull(entry) : undefined;
    const fault = key === undefined ? 'not an object' : faultOf(key, seen);
    if (fault !== undefined) leftOut.push(`keys[${index}]: ${fault}`);
    return fault === undefined ? [key] : [];
  });
};

const KEY_TYPES: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP']);

const faultOf = (key: Members, seen: Set<string>): string | undefined => {
  const text = JSON.stringify(key);
  if (seen.has(text)) return 'the key is listed before';
  seen.add(text);
  if (typeof key['kty'] !== 'string') return 'kty is missing';
  if (!KEY_TYPES.has(key['kty'])) return undefined;
  try {
    createPublicKey({ key, format: 'jwk' });
    return undefined;
  } catch {
    return 'not a public key';
  }
};
