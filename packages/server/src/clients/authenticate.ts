import { Refusal } from '../errors.ts';
import type { Client, DialectName } from './client.ts';
import { digestSecret, isSecretOf } from './secret.ts';

/** What a request claims to be. */
export type Credentials = {
  readonly clientId: string;
  /** `undefined` where none was sent, as public clients do. */
  readonly clientSecret: string | undefined;
};

const CLIENT_ID_MAX_CHARACTERS = 256;

/**
 * The client a request comes from, proven by its secret, as it was read. `readings` are the ways to read what was sent: HTTP Basic
 * is form-encoded by some clients and raw by others (RFC 6749 §2.3.1 against what is in the field), so a dialect may
 * offer both. Throws a `Refusal` where no reading fits; nothing about any token has been read by then.
 */
export const authenticate = async <Reading extends { readonly client: Client | undefined }>(
  readClient: (clientId: string) => Promise<Reading>,
  dialect: DialectName,
  readings: readonly Credentials[],
  now: number,
): Promise<Reading & { readonly client: Client }> => {
  let reason: 'client_unknown' | 'client_secret_wrong' = 'client_unknown';
  for (const { clientId, clientSecret } of readings) {
    const reading = clientId.length <= CLIENT_ID_MAX_CHARACTERS ? await readClient(clientId) : undefined;
    const client = reading?.client;
    const isProven =
      clientSecret === undefined
        ? client?.type === 'public'
        : isSecretOf(client?.secrets ?? [], digestSecret(clientSecret), now);
    if (reading === undefined || client === undefined) continue;
    if (!isProven) {
      reason = 'client_secret_wrong';
      continue;
    }
    if (client.dialect !== dialect) throw new Refusal('client_of_other_dialect');
    if (client.disabledAt !== undefined) throw new Refusal('client_disabled');
    return reading as Reading & { readonly client: Client };
  }
  throw new Refusal(reason);
};
