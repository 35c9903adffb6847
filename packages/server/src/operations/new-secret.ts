import type { ClientSecret } from '../clients/client.ts';
import { createClientSecret, digestSecret } from '../clients/secret.ts';
import type { Randomness } from '../randomness.ts';

/** A new client secret, or one that is given, and what the store keeps of it. */
export const newSecret = (
  randomness: Randomness,
  { name, createdAtMs, expiresAtMs }: Pick<ClientSecret, 'name' | 'createdAtMs' | 'expiresAtMs'>,
  clientSecret: string = createClientSecret(randomness),
): {
  readonly clientSecret: string;
  readonly secret: ClientSecret;
} => {
  const id = randomness.bytes(6).toString('hex');
  const digest = digestSecret(clientSecret);
  return { clientSecret, secret: { id, name, digest, createdAtMs, expiresAtMs, lastUsedAtMs: undefined } };
};
