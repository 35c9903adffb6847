import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { remember } from './remember.ts';
import type { ClientSecret } from './client.ts';

/** A new client id: a UUID, as both vendors issue. */
export const createClientId = (): string => randomUUID();

/** A new secret: 256 random bits in 43 of `A-Za-z0-9_-`, so that Basic reads the same raw and form-encoded. */
export const createClientSecret = (): string => randomBytes(32).toString('base64url');

/** What is kept of a secret. */
export const digestSecret = remember((secret): Buffer => hash('sha256', secret, 'buffer'));

const NO_SECRET: Pick<ClientSecret, 'digest' | 'expiresAt'> = { digest: Buffer.alloc(32), expiresAt: 0 };

/**
 * Whether the digest is that of a secret in force at `now` (integer seconds). Compares with every secret, in
 * constant time each, and with a blank where there is none, so that the time taken tells nothing.
 */
export const isSecretOf = (secrets: readonly ClientSecret[], digest: Uint8Array, now: number): boolean => {
  let found = false;
  for (const secret of secrets.length === 0 ? [NO_SECRET] : secrets) {
    const isEqual = timingSafeEqual(secret.digest, digest);
    found ||= isEqual && (secret.expiresAt === undefined || now < secret.expiresAt);
  }
  return found;
};
