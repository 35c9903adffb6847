import { hash } from 'node:crypto';
import type { Millis } from '../clock.ts';
import type { Randomness } from '../randomness.ts';
import type { Role } from './role.ts';

/** A key with which a program uses the admin API. It is shown once; the store has its digest. */
export type OperatorKey = {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** The clients that a developer works with; empty for every other role. */
  readonly clientIds: readonly string[];
  /** SHA-256, 32 bytes, of a key with 256 random bits. */
  readonly digest: Uint8Array;
  readonly createdAtMs: Millis;
  readonly expiresAtMs: Millis;
  /** To the minute; `undefined` for never. */
  readonly lastUsedAtMs: Millis | undefined;
};

const PREFIX = 'kfo_';
const KEY = /^kfo_[A-Za-z0-9_-]{43}$/;

/** A new key: a prefix by which scanners recognise it, and 256 random bits. */
export const createOperatorKeyText = (randomness: Pick<Randomness, 'bytes'>): string =>
  `${PREFIX}${randomness.bytes(32).toString('base64url')}`;

/** Whether a text has the form of an operator key, so that nothing else is looked up. */
export const isOperatorKeyText = (text: string): boolean => KEY.test(text);

/** A new secret of a link or a session: 256 random bits. */
export const createSessionSecret = (randomness: Pick<Randomness, 'bytes'>): string =>
  randomness.bytes(32).toString('base64url');

/** Whether a text has the form of such a secret. */
export const isSessionSecret = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text);

/** The stored form of a key or of a secret. */
export const digestOperatorSecret = (text: string): Buffer => hash('sha256', text, 'buffer');

/** The precision of the last use of a key or session: a finer one would cause a write at every request. */
export const USE_STEP_MS = 60_000;
