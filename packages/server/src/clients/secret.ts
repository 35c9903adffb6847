import { hash, timingSafeEqual } from 'node:crypto';
import { earliestMsOf } from '../clock.ts';
import type { Millis, Now } from '../clock.ts';
import { memoize } from '../memoize.ts';
import type { Randomness } from '../randomness.ts';
import type { ClientSecret } from './client.ts';

/** A new client id: a UUID. */
export const createClientId = (randomness: Pick<Randomness, 'uuid'>): string => randomness.uuid();

/** A new secret: 256 random bits in 43 of `A-Za-z0-9_-`, so that Basic reads the same raw and form-encoded. */
export const createClientSecret = (randomness: Pick<Randomness, 'bytes'>): string =>
  randomness.bytes(32).toString('base64url');

/** The stored form of a secret. */
export const digestSecret = memoize((secret): Buffer => hash('sha256', secret, 'buffer'));

const NO_SECRET: ClientSecret = {
  id: '',
  name: '',
  digest: Buffer.alloc(32),
  createdAtMs: 0,
  expiresAtMs: 0,
  lastUsedAtMs: undefined,
};

/**
 * The secret with this digest that is in force now; `undefined` for none. Compares every secret in constant time, and a blank
 * one where there is none, so that the time taken reveals nothing.
 */
export const findSecret = (
  secrets: readonly ClientSecret[],
  digest: Uint8Array,
  now: Now,
): ClientSecret | undefined => {
  let found: ClientSecret | undefined;
  for (const secret of secrets.length === 0 ? [NO_SECRET] : secrets) {
    const isEqual = timingSafeEqual(secret.digest, digest);
    if (isEqual && isInForce(secret, now)) found = secret;
  }
  return found;
};

/** Whether a secret has not expired. It lasts until its expiry is certain. */
export const isInForce = ({ expiresAtMs }: ClientSecret, now: Now): boolean =>
  expiresAtMs === undefined || earliestMsOf(now) < expiresAtMs;

/**
 * A client's secrets without one of them. With `keepLast` the only secret stays, without which the client would be
 * locked out.
 */
export const removeSecret = (
  secrets: readonly ClientSecret[],
  secretId: string,
  { keepLast }: { readonly keepLast: boolean },
): readonly ClientSecret[] | 'unknown' | 'last' => {
  const rest = secrets.filter(({ id }) => id !== secretId);
  if (rest.length === secrets.length) return 'unknown';
  return rest.length === 0 && keepLast ? 'last' : rest;
};

/** The precision of a secret's last use. A finer one would cause a write at every request. */
const LAST_USE_STEP_MS = 3_600_000;

/** Whether a use now must be stored: the stored one is at least an hour old. */
export const isUseNews = (lastUsedAtMs: Millis | undefined, nowMs: Millis): boolean =>
  lastUsedAtMs === undefined || nowMs - lastUsedAtMs >= LAST_USE_STEP_MS;

/** At most so many secrets per client: each is compared when the client authenticates. */
export const SECRETS_MAX = 20;

/** How a secret is added: `othersEndAtMs` ends the others at that moment, unless they end earlier. */
export type SecretRoll = { readonly othersEndAtMs?: Millis | undefined };

/** The secrets of a client with one more. */
export const withSecret = (
  secrets: readonly ClientSecret[],
  added: ClientSecret,
  { othersEndAtMs }: SecretRoll = {},
): readonly ClientSecret[] | 'too_many' => {
  if (secrets.length >= SECRETS_MAX) return 'too_many';
  const others = secrets.map((secret) =>
    othersEndAtMs === undefined
      ? secret
      : { ...secret, expiresAtMs: Math.min(secret.expiresAtMs ?? othersEndAtMs, othersEndAtMs) },
  );
  return [...others, added];
};
