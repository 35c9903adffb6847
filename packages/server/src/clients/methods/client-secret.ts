import type { Now } from '../../clock.ts';
import type { Client, ClientSecret } from '../client.ts';
import { digestSecret, findSecret } from '../secret.ts';

/** A client id and secret, by HTTP Basic or in the body. @see RFC 6749 §2.3.1 */
export type ClientSecretCredentials = {
  readonly method: 'client_secret_basic' | 'client_secret_post' | 'client_secret_json';
  readonly clientId: string;
  readonly clientSecret: string;
};

/**
 * The client's secret that was sent, if it is in force now. Takes the same time for an unknown client as for a wrong
 * secret.
 */
export const verifyClientSecret = (
  client: Client | undefined,
  { clientSecret }: ClientSecretCredentials,
  now: Now,
): ClientSecret | undefined => findSecret(client?.secrets ?? [], digestSecret(clientSecret), now);
