import type { ClientSecret } from '../clients/client.ts';
import { toMillis, toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import type { OperationContext } from './context.ts';
import { newSecret } from './new-secret.ts';

export type SecretAdded =
  | { readonly outcome: 'added'; readonly clientSecret: string; readonly secret: ClientSecret }
  | { readonly outcome: 'client_unknown' }
  /** A public client authenticates without a secret. */
  | { readonly outcome: 'client_public' }
  | { readonly outcome: 'too_many' };

/** Adds a secret to a client; the others stay valid, or end after an overlap. Throws `StoreError`. */
export const addSecret = async (
  { store, clock, randomness }: Pick<OperationContext, 'store' | 'clock' | 'randomness'>,
  {
    clientId,
    name,
    expiresInSeconds,
    overlapSeconds,
  }: {
    readonly clientId: string;
    readonly name: string;
    /** `undefined` for a secret that never expires. */
    readonly expiresInSeconds: Seconds | undefined;
    /** After how long the other secrets end, unless they end earlier; absent for never. */
    readonly overlapSeconds?: Seconds | undefined;
  },
): Promise<SecretAdded> => {
  const { client } = await store.readClient(clientId);
  if (client === undefined) return { outcome: 'client_unknown' };
  if (client.type === 'public') return { outcome: 'client_public' };
  const createdAtMs = clock();
  // A whole second, because people are shown seconds: the secret does not work longer than they read.
  const after = (seconds: Seconds | undefined) =>
    seconds === undefined ? undefined : toMillis(toSeconds(createdAtMs) + seconds);
  const expiresAtMs = after(expiresInSeconds);
  const { clientSecret, secret } = newSecret(randomness, { name, createdAtMs, expiresAtMs });
  const added = await store.addSecret(clientId, secret, { othersEndAtMs: after(overlapSeconds) });
  if (added === 'too_many') return { outcome: 'too_many' };
  return added === 'unknown' ? { outcome: 'client_unknown' } : { outcome: 'added', clientSecret, secret };
};
