import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** A public key of a client, with the members that are read here. @see RFC 7517 §4 */
export type ClientJwk = {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  /** Certificates of the key, base64 of DER, its own first. */
  readonly x5c?: readonly string[];
};

/** The public keys by which a client authenticates: registered with it, or published by it. */
export type ClientKeys = { readonly jwks: readonly ClientJwk[] } | { readonly jwksUri: string };

/** A change of a client's keys; what is absent stays. Either replaces the other; `null` removes it. */
export type ClientKeysChange = {
  /** A JWK set, as JSON or parsed (RFC 7517 §5). */
  readonly jwks?: unknown;
  readonly jwksUri?: string | null;
};

/** More than a client needs, and few enough to try one after the other. */
export const CLIENT_KEYS_MAX = 20;
/** Room for that many keys with their certificates. */
export const JWKS_MAX_BYTES = 65_536;

const RSA_BITS_MIN = 2048;
/** A larger one makes each check dear for us, and not for its holder. */
const RSA_BITS_MAX = 4096;
/** 65537, the usual one. A long one makes each check dear for us. */
const RSA_EXPONENT_MAX = 0x1_00_01n;
const CURVES: ReadonlySet<string> = new Set(['P-256', 'P-384', 'P-521']);
const TEXT_MAX_CHARACTERS = 256;
const MEMBERS = ['crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'] as const;
/** Members of private and of symmetric keys (RFC 7518 §6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

type ReadKey = { readonly jwk: ClientJwk } | { readonly fault: string };

/**
 * The keys of a JWK set, or what is wrong with it, one sentence each. With `skipsUnknown`, keys of a kind that is not used
 * here are left out, as in a set that the client publishes; else they are faults.
 *
 * @see RFC 7517 §5, FAPI 2.0 Security Profile §5.4
 */
export const parseJwks = (
  given: unknown,
  { skipsUnknown = false }: { readonly skipsUnknown?: boolean } = {},
): { readonly jwks: readonly ClientJwk[] } | { readonly faults: readonly string[] } => {
  const set = typeof given === 'string' ? parseJson(given) : given;
  const keys = isRecord(set) ? set['keys'] : undefined;
  if (!Array.isArray(keys))
    return { faults: ['the JWK set must be a JSON object with an array "keys" (RFC 7517 §5)'] };
  if (keys.length === 0 || keys.length > CLIENT_KEYS_MAX)
    return { faults: [`the JWK set must have at least one key, and at most ${CLIENT_KEYS_MAX}`] };
  const read = keys.map(readKey);
  const jwks = read.flatMap((one) => ('jwk' in one ? [one.jwk] : []));
  const faults = read.flatMap((one, index) =>
    'fault' in one && !skipsUnknown ? [`key ${index + 1} of the JWK set ${one.fault}`] : [],
  );
  const kids = jwks.flatMap(({ kid }) => kid ?? []);
  if (!skipsUnknown && new Set(kids).size < kids.length)
    faults.push('two keys of the JWK set have the same kid: give each its own (RFC 7517 §4.5)');
  return faults.length > 0 ? { faults } : { jwks };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readKey = (given: unknown): ReadKey => {
  if (!isRecord(given)) return { fault: 'is not an object' };
  if (PRIVATE_MEMBERS.some((name) => given[name] !== undefined))
    return { fault: 'has private parts: leave them out, and make a new key if anybody else saw this one' };
  const { kty } = given;
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return { fault: 'must have the kty RSA, EC or OKP' };
  const texts = MEMBERS.filter((name) => given[name] !== undefined);
  if (texts.some((name) => !isText(given[name], name === 'n' ? 4096 : TEXT_MAX_CHARACTERS)))
    return { fault: 'has a member that is no text of the right length' };
  const x5c = readCertificates(given['x5c']);
  if (x5c === 'wrong') return { fault: 'has an x5c that is no array of base64 texts (RFC 7517 §4.7)' };
  const jwk: ClientJwk = {
    kty,
    ...Object.fromEntries(texts.map((name) => [name, given[name]])),
    ...(x5c === undefined ? {} : { x5c }),
  };
  const fault = jwk.use === 'enc' ? 'is for encryption: leave it out' : faultOfMaterial(jwk);
  return fault === undefined ? { jwk } : { fault };
};

const isText = (value: unknown, maxCharacters: number): boolean =>
  typeof value === 'string' && value !== '' && value.length <= maxCharacters;

const readCertificates = (given: unknown): readonly string[] | undefined | 'wrong' => {
  if (given === undefined) return undefined;
  const isRight =
    Array.isArray(given) &&
    given.length > 0 &&
    given.length <= 8 &&
    given.every((one) => typeof one === 'string' && /^[A-Za-z0-9+/]{1,16384}={0,2}$/.test(one));
  return isRight ? (given as readonly string[]) : 'wrong';
};

const faultOfMaterial = (jwk: ClientJwk): string | undefined => {
  if (jwk.kty === 'EC' && !CURVES.has(jwk.crv ?? '')) return 'must be on the curve P-256, P-384 or P-521';
  if (jwk.kty === 'OKP' && jwk.crv !== 'Ed25519') return 'must be on the curve Ed25519';
  const key = readKeyObject(jwk);
  if (key === undefined) return 'is not a key: its members do not fit together';
  const { modulusLength = RSA_BITS_MIN, publicExponent = 3n } = key.asymmetricKeyDetails ?? {};
  if (publicExponent < 3n || publicExponent > RSA_EXPONENT_MAX) return 'must have the usual exponent (AQAB)';
  return modulusLength < RSA_BITS_MIN || modulusLength > RSA_BITS_MAX
    ? `must have at least ${RSA_BITS_MIN} bits and at most ${RSA_BITS_MAX}`
    : undefined;
};

const readKeyObject = ({ kty, crv, x, y, n, e }: ClientJwk): KeyObject | undefined => {
  try {
    const key = kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
    return createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
};

/** Lives as long as the client, as a store remembers it: so there are as many as there are remembered clients. */
const keyObjects = new WeakMap<ClientJwk, KeyObject>();

/** The key of a parsed JWK. Making one costs as much as verifying a signature by it, so it is kept. */
export const keyObjectOf = (jwk: ClientJwk): KeyObject => {
  const kept = keyObjects.get(jwk);
  if (kept !== undefined) return kept;
  const made = readKeyObject(jwk);
  if (made === undefined) throw new TypeError('a JWK that was parsed is no key');
  keyObjects.set(jwk, made);
  return made;
};

const URI_MAX_CHARACTERS = 2048;

/** What is wrong with the address of a JWK set, in words that follow its name; `undefined` for nothing. */
export const faultOfJwksUri = (uri: string): string | undefined => {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || uri.length > URI_MAX_CHARACTERS || !/^[\x21-\x7e]+$/.test(uri))
    return 'must be an absolute URL in visible ASCII, of at most 2048 characters';
  if (url.protocol !== 'https:') return 'must use https';
  if (url.username !== '' || url.password !== '') return 'must carry no user name or password';
  return uri.includes('#') ? 'must have no fragment' : undefined;
};

/** The changed keys, absent for none, or what is wrong with the change, one sentence each. */
export const changeKeys = (
  keys: ClientKeys | undefined,
  { jwks, jwksUri }: ClientKeysChange,
): { readonly keys?: ClientKeys } | { readonly faults: readonly string[] } => {
  const setsJwks = jwks !== undefined && jwks !== null;
  const setsUri = jwksUri !== undefined && jwksUri !== null;
  if (setsJwks && setsUri)
    return { faults: ['give jwks or jwksUri, not both: a client has its keys in one place (RFC 7591 §2)'] };
  if (setsJwks) {
    const parsed = parseJwks(jwks);
    return 'faults' in parsed ? parsed : { keys: parsed };
  }
  if (setsUri) {
    const fault = faultOfJwksUri(jwksUri);
    return fault === undefined ? { keys: { jwksUri } } : { faults: [`jwksUri ${fault}`] };
  }
  if (keys === undefined) return {};
  const isRemoved = 'jwks' in keys ? jwks === null : jwksUri === null;
  return isRemoved ? {} : { keys };
};

/** Keys as one JSON object, as stores keep it; `null` for none. */
export const writeKeys = (keys: ClientKeys | undefined): string | null =>
  keys === undefined ? null : JSON.stringify(keys);

/** The keys from that JSON. They were checked when they were registered. */
export const readKeys = (text: string | undefined): { readonly keys?: ClientKeys } =>
  text === undefined ? {} : { keys: JSON.parse(text) as ClientKeys };
