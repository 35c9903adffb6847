import { hkdfSync, randomBytes } from 'node:crypto';
import type { Seconds } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import { createSealer } from './sealer.ts';
import type { Sealer } from './sealer.ts';
import { createSigningKey, SIGNING_SEED_BYTES } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';

/** The purposes a master key is split into. A token sealed for one opens to noise under another. */
const PURPOSES = ['refresh', 'access', 'code', 'jti'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** One master key with the sealers derived from it (HKDF-SHA-256, RFC 5869). */
export type RingKey = {
  /** From 1, counted up by rotation; what a grant's row remembers. */
  readonly number: number;
  /** As the line of the key has it. */
  readonly createdAt: Seconds;
  /** 32 hexadecimal digits that identify the key without revealing it. The store keeps it to detect a wrong ring. */
  readonly fingerprint: string;
  readonly sealers: Readonly<Record<Purpose, Sealer>>;
  /** 32 bytes that encrypt what browsers carry for us: sessions, and what they bring back from elsewhere. */
  readonly sessionKey: Uint8Array;
  /** 32 bytes that authenticate what a session's forms and sign-ins are bound by. */
  readonly formKey: Uint8Array;
  /** The 32 bytes that sign what is sent to a webhook. */
  webhookKey(webhookId: string): Buffer;
  /** What signs JWTs; derived when it is asked for first, for it costs as much as all the rest. */
  readonly signingKey: SigningKey;
};

/** The keys of a deployment: the newest seals, every one opens. */
export type KeyRing = {
  readonly newest: RingKey;
  /** Newest first, the order in which opening tries them. */
  readonly keys: readonly RingKey[];
  find(number: number): RingKey | undefined;
};

/** As many keys as a ring may hold: each one is tried on a token that does not open. */
export const RING_KEYS_MAX = 64;
const MASTER_BYTES = 32;
const LINE = /^(?<number>[1-9][0-9]{0,8}):(?<createdAt>[0-9]{1,10}):(?<master>[A-Za-z0-9_-]{43})$/;

const derive = (master: Buffer, purpose: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `keyfob ${purpose}`, bytes));

const createRingKey = (number: number, createdAt: Seconds, master: Buffer): RingKey => {
  const sealer = (purpose: Purpose): Sealer =>
    createSealer(derive(master, `${purpose} seal`, 32), derive(master, `${purpose} mac`, 32));
  const signingSeed = derive(master, 'access sign', SIGNING_SEED_BYTES);
  let signingKey: SigningKey | undefined;
  return {
    number,
    createdAt,
    fingerprint: derive(master, 'fingerprint', 16).toString('hex'),
    sealers: {
      refresh: sealer('refresh'),
      access: sealer('access'),
      code: sealer('code'),
      jti: sealer('jti'),
    },
    sessionKey: derive(master, 'session', 32),
    formKey: derive(master, 'form', 32),
    webhookKey: (webhookId) => derive(master, `webhook ${webhookId}`, 32),
    get signingKey() {
      return (signingKey ??= createSigningKey(signingSeed));
    },
  };
};

const malformed = (what: string): OperatorError =>
  new OperatorError(
    'key_malformed',
    `the key ring is not readable: ${what}`,
    'A key ring has one line a key, NUMBER:CREATED_AT:KEY, as "keyfob keys rotate" writes it. Restore it from your backup or secret manager.',
  );

/**
 * Reads a key ring: one line a key, `number:createdAt:base64url of 32 bytes`, separated by line ends or commas (so
 * that it also fits an environment variable). A line that begins with `#` is a comment to its end. Throws `OperatorError` `key_malformed`; never with a key in the text.
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
    if (parts === undefined) throw malformed(`line ${line} is not NUMBER:CREATED_AT:KEY`);
    return createRingKey(
      Number(parts['number']),
      Number(parts['createdAt']),
      Buffer.from(parts['master'] ?? '', 'base64url'),
    );
  });
  keys.sort((left, right) => right.number - left.number);
  const byNumber = new Map(keys.map((key) => [key.number, key]));
  const newest = keys[0];
  if (new Set(keys.map((key) => key.fingerprint)).size < keys.length)
    throw malformed('it holds the same key twice');
  if (newest === undefined || byNumber.size !== keys.length) throw malformed('two keys have the same number');
  return { newest, keys, find: (number) => byNumber.get(number) };
};

/**
 * How long a key is published before it signs: as long as resource servers may go on with the keys they fetched last,
 * so that none of them ever meets a token signed by a key it has not seen.
 */
export const PUBLISHED_BEFORE_SIGNING_SECONDS = 600;

/**
 * The key that signs at `now`, the earliest moment that the present may be: the newest that has been published for long, else
 * the oldest.
 */
export const signingKeyAt = (ring: KeyRing, now: Seconds): RingKey =>
  ring.keys.find(({ createdAt }) => now - createdAt > PUBLISHED_BEFORE_SIGNING_SECONDS) ??
  ring.keys.at(-1) ??
  ring.newest;

/** A line for a new random key, to be appended to a ring's text. */
export const createKeyLine = (number: number, createdAt: Seconds): string =>
  `${number}:${createdAt}:${randomBytes(MASTER_BYTES).toString('base64url')}`;
