import { hkdfSync, randomBytes } from 'node:crypto';
import type { Seconds } from '../clock.ts';
import { OperatorError, StoreError } from '../errors.ts';
import { REQUIRED_PURPOSES } from './key-state.ts';
import type { KeyPurpose, KeyWithdrawal, RegisteredKey } from './key-state.ts';
import { createMac } from './mac.ts';
import type { Mac } from './mac.ts';
import { createSealer } from './sealer.ts';
import type { Sealer } from './sealer.ts';
import { createTailWriter } from './tail.ts';
import type { TailWriter } from './tail.ts';
import { createSigningKey, generateRsaKey, readRsaSigningKey, SIGNING_SEED_BYTES } from './signing-key.ts';
import type { SigningAlgorithm, SigningKey } from './signing-key.ts';

type KeyOf<Purpose extends KeyPurpose> = {
  /** From 1, counted up over all purposes; what a grant's row remembers. */
  readonly number: number;
  readonly purpose: Purpose;
  /** As the line of the key has it. */
  readonly createdAt: Seconds;
  /** 32 hexadecimal digits that identify the key without revealing it. The store keeps it to detect a wrong ring. */
  readonly fingerprint: string;
  /** What an operator decided about it, if anything. */
  readonly withdrawal?: KeyWithdrawal;
  /** Whether the store does not know it as it is, so that no other node can learn of it. */
  readonly isUnregistered?: true;
};

/** Seals refresh tokens, opaque access tokens and codes. A token sealed for one opens to noise under another. */
export type SealKey = KeyOf<'seal'> & {
  readonly sealers: Readonly<Record<'refresh' | 'access' | 'code', Sealer>>;
  /** Writes what follows the sealed block of an access token, in shapes that have a tail. */
  readonly accessTail: TailWriter;
  /** Authenticates what a token is bound to. */
  readonly bindingMac: Mac;
  /** 32 bytes that nonces for proofs are derived from. */
  readonly nonceKey: Buffer;
};

/** Signs JWTs, and seals their ids. */
export type SignKey = (KeyOf<'sign'> | KeyOf<'sign-rs256'>) & {
  /** Derived when it is asked for first, for it costs as much as all the rest. */
  readonly signingKey: () => SigningKey;
  readonly idSealer: Sealer;
};

export type SessionKey = KeyOf<'session'> & {
  /** 32 bytes that encrypt what browsers carry for us: sessions, and what they bring back from elsewhere. */
  readonly sessionKey: Uint8Array;
  /** 32 bytes that authenticate what a session's forms and sign-ins are bound by. */
  readonly formKey: Uint8Array;
};

export type WebhookKey = KeyOf<'webhook'> & {
  /** The 32 bytes that sign what is sent to a webhook. */
  readonly webhookKey: (webhookId: string) => Buffer;
};

/** One master key with what is derived from it for its purpose (HKDF-SHA-256, RFC 5869). */
export type RingKey = SealKey | SignKey | SessionKey | WebhookKey;

/** The keys of one purpose, newest first, withdrawn ones included. */
export type KeysOf<Key extends RingKey> = {
  /** Makes what is new: the newest of those that may. Throws `StoreError` where there is none. */
  readonly active: Key;
  /** In the order in which opening tries them. */
  readonly keys: readonly Key[];
  /** Those that are not withdrawn. */
  readonly usable: readonly Key[];
  find(number: number): Key | undefined;
};

/** The keys of a deployment. */
export type KeyRing = {
  readonly seal: KeysOf<SealKey>;
  /** By ES256. */
  readonly sign: KeysOf<SignKey>;
  /** By RS256. May have no key. */
  readonly signRs256: KeysOf<SignKey>;
  readonly session: KeysOf<SessionKey>;
  readonly webhook: KeysOf<WebhookKey>;
  /** Of every purpose, newest first. */
  readonly keys: readonly RingKey[];
  /** The highest number. */
  readonly newestNumber: number;
};

/** As many keys as a ring may hold: each one of its purpose is tried on a token that does not open. */
export const RING_KEYS_MAX = 64;
const MASTER_BYTES = 32;
const LINE =
  /^(?<number>[1-9][0-9]{0,8}):(?<purpose>seal|sign|sign-rs256|session|webhook):(?<createdAt>[0-9]{1,10}):(?<key>[A-Za-z0-9_-]{43,8192})$/;
const MASTER_CHARACTERS = 43;

const derive = (master: Buffer, purpose: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `keyfob ${purpose}`, bytes));

/** `master` is random, or, of the purpose `sign-rs256`, the RSA key; `undefined` for one that is neither. */
const createRingKey = (
  number: number,
  purpose: KeyPurpose,
  createdAt: Seconds,
  master: Buffer,
): RingKey | undefined => {
  const sealer = (use: string): Sealer =>
    createSealer(derive(master, `${use} seal`, 32), derive(master, `${use} mac`, 32));
  const identity = { number, createdAt, fingerprint: derive(master, 'fingerprint', 16).toString('hex') };
  switch (purpose) {
    case 'seal': {
      const sealers = { refresh: sealer('refresh'), access: sealer('access'), code: sealer('code') };
      const accessTail = createTailWriter(derive(master, 'access tail', 32));
      return {
        ...identity,
        purpose,
        sealers,
        accessTail,
        bindingMac: createMac(derive(master, 'binding', 32)),
        nonceKey: derive(master, 'proof nonce', 32),
      };
    }
    case 'sign': {
      const seed = derive(master, 'access sign', SIGNING_SEED_BYTES);
      let signingKey: SigningKey | undefined;
      return {
        ...identity,
        purpose,
        signingKey: () => (signingKey ??= createSigningKey(seed)),
        idSealer: sealer('jti'),
      };
    }
    case 'sign-rs256': {
      const signingKey = readRsaSigningKey(master);
      return signingKey && { ...identity, purpose, signingKey: () => signingKey, idSealer: sealer('jti') };
    }
    case 'session':
      return {
        ...identity,
        purpose,
        sessionKey: derive(master, 'session', 32),
        formKey: derive(master, 'form', 32),
      };
    case 'webhook':
      return { ...identity, purpose, webhookKey: (webhookId) => derive(master, `webhook ${webhookId}`, 32) };
  }
};

const malformed = (what: string): OperatorError =>
  new OperatorError(
    'key_malformed',
    `the key ring is not readable: ${what}`,
    'A key ring has one line per key, NUMBER:PURPOSE:CREATED_AT:KEY, as "keyfob keys create" prints it, and at least one key of each purpose that it prints. Restore it from your backup or secret manager.',
  );

/**
 * Reads a key ring: one line per key, `number:purpose:createdAt:base64url of 32 bytes` (of `sign-rs256`: of an RSA key),
 * separated by line ends or commas (so that it also fits an environment variable). A line that begins with `#` is a comment to its end. Throws `OperatorError`
 * `key_malformed`; never with a key in the text.
 */
export const parseKeyRing = (text: string): KeyRing => {
  const entries = text.split('\n').flatMap((line, index) =>
    (line.trimStart().startsWith('#') ? '' : line)
      .split(',')
      .map((entry) => ({ entry: entry.trim(), line: index + 1 }))
      .filter(({ entry }) => entry !== ''),
  );
  if (entries.length === 0) throw malformed('it holds no key');
  if (entries.length > RING_KEYS_MAX) throw malformed(`it holds more than ${RING_KEYS_MAX} keys`);
  const keys = entries.map(({ entry, line }) => {
    const parts = LINE.exec(entry)?.groups;
    const { purpose, key = '' } = parts ?? {};
    const hasMaster = purpose === 'sign-rs256' || key.length === MASTER_CHARACTERS;
    if (parts === undefined || !hasMaster)
      throw malformed(`line ${line} is not NUMBER:PURPOSE:CREATED_AT:KEY`);
    const ringKey = createRingKey(
      Number(parts['number']),
      purpose as KeyPurpose,
      Number(parts['createdAt']),
      Buffer.from(key, 'base64url'),
    );
    if (ringKey === undefined) throw malformed(`line ${line} has no RSA key of at least 2048 bits`);
    return ringKey;
  });
  keys.sort((left, right) => right.number - left.number);
  if (new Set(keys.map((key) => key.fingerprint)).size < keys.length)
    throw malformed('it holds the same key twice');
  if (new Set(keys.map((key) => key.number)).size < keys.length)
    throw malformed('two keys have the same number');
  const missing = REQUIRED_PURPOSES.filter((purpose) => !keys.some((key) => key.purpose === purpose));
  if (missing.length > 0) throw malformed(`it holds no key of purpose ${missing.join(', ')}`);
  return toRing(keys);
};

/** `keys` are newest first. */
const toRing = (keys: readonly RingKey[]): KeyRing => ({
  seal: keysOf(keys, 'seal'),
  sign: keysOf(keys, 'sign'),
  signRs256: keysOf(keys, 'sign-rs256'),
  session: keysOf(keys, 'session'),
  webhook: keysOf(keys, 'webhook'),
  keys,
  newestNumber: keys[0]?.number ?? 0,
});

const keysOf = <Purpose extends KeyPurpose>(
  ring: readonly RingKey[],
  purpose: Purpose,
): KeysOf<RingKey & { readonly purpose: Purpose }> => {
  const keys = ring.filter((key): key is RingKey & { readonly purpose: Purpose } => key.purpose === purpose);
  const usable = keys.filter(({ withdrawal }) => withdrawal === undefined);
  const byNumber = new Map(keys.map((key) => [key.number, key]));
  const [active] = mayMakeNew(usable);
  return {
    get active() {
      if (active === undefined)
        throw new StoreError('unavailable', `the ring has no usable key of purpose ${purpose}`);
      return active;
    },
    keys,
    usable,
    find: (number) => byNumber.get(number),
  };
};

/**
 * The keys that make what is new: from the newest on that the store knows, if it knows one. A node that has not read a newer
 * one would take what it made for a dead token.
 */
const mayMakeNew = <Key extends RingKey>(usable: readonly Key[]): readonly Key[] => {
  const newestKnown = usable.findIndex(({ isUnregistered }) => isUnregistered !== true);
  return newestKnown < 0 ? usable : usable.slice(newestKnown);
};

/** The ring with what a store knows of its keys. Key material is shared, so this is cheap. */
export const withRegistrations = (ring: KeyRing, registered: readonly RegisteredKey[]): KeyRing => {
  const byNumber = new Map(registered.map((key) => [key.number, key]));
  return toRing(
    ring.keys.map((key) => {
      const { withdrawal: _, isUnregistered: __, ...plain } = key;
      const { withdrawal, fingerprint } = byNumber.get(key.number) ?? {};
      return {
        ...plain,
        ...(withdrawal !== undefined && { withdrawal }),
        ...(fingerprint !== key.fingerprint && { isUnregistered: true }),
      };
    }),
  );
};

/**
 * How long a key is published before it signs: as long as resource servers may go on with the keys they fetched last,
 * so that none of them ever meets a token signed by a key it has not seen.
 */
export const PUBLISHED_BEFORE_SIGNING_SECONDS = 600;

/**
 * The key that signs at `now`, the earliest moment that the present may be: the newest usable one that has been published
 * for long, else the oldest. Throws `StoreError` where the ring has none of the algorithm.
 */
export const signingKeyAt = (ring: KeyRing, now: Seconds, algorithm: SigningAlgorithm = 'ES256'): SignKey => {
  const keys = algorithm === 'RS256' ? ring.signRs256 : ring.sign;
  const signing = mayMakeNew(keys.usable);
  return (
    signing.find(({ createdAt }) => now - createdAt > PUBLISHED_BEFORE_SIGNING_SECONDS) ??
    signing.at(-1) ??
    keys.active
  );
};

/** Every key that signs JWTs or has signed some, withdrawn ones included. */
export const signKeysOf = ({ sign, signRs256 }: KeyRing): readonly SignKey[] => [
  ...sign.keys,
  ...signRs256.keys,
];

/** A line for a new random key, to be appended to a ring's text. */
export const createKeyLine = (number: number, purpose: KeyPurpose, createdAt: Seconds): string => {
  const key = purpose === 'sign-rs256' ? generateRsaKey() : randomBytes(MASTER_BYTES);
  return `${number}:${purpose}:${createdAt}:${key.toString('base64url')}`;
};

/** Lines for a new key of every required purpose, numbered from `first`: a whole ring, or what rotates one. */
export const createKeyLines = (first: number, createdAt: Seconds): string =>
  REQUIRED_PURPOSES.map((purpose, index) => createKeyLine(first + index, purpose, createdAt)).join('\n');
