import type { Now } from '../clock.ts';
import type { Client, ClientSecret } from './client.ts';
import { verifyClientSecret } from './methods/client-secret.ts';
import type { ClientSecretCredentials } from './methods/client-secret.ts';
import { verifyNone } from './methods/none.ts';
import type { NoCredentials } from './methods/none.ts';
import type { Policy } from './policy.ts';

/**
 * What a client sent to authenticate: a union by method. A new method is a file in `methods/`, a member here and a case
 * below.
 */
export type Credentials = ClientSecretCredentials | NoCredentials;

/** By the names that metadata uses, and `client_secret_json` for members of a JSON body. @see RFC 8414 §2 `token_endpoint_auth_methods_supported` */
export type AuthenticationMethod = Credentials['method'];

/** Whether the client's policy lets it authenticate by a method. */
export const allowsMethod = (
  { clientAuthentication }: Pick<Policy, 'clientAuthentication'>,
  method: AuthenticationMethod,
): boolean => {
  if (method === 'client_secret_basic') return clientAuthentication !== 'post';
  return method !== 'client_secret_post' || clientAuthentication !== 'basic';
};

/** The secret that was sent; `public` for a client that needs none. */
export type Proof = ClientSecret | 'public';

/**
 * What proves the client, `undefined` where nothing does. Must not wait: the throttle counts
 * guesses one by one only if nothing else runs between its check and its count.
 */
export const verifyCredentials = (
  client: Client | undefined,
  credentials: Credentials,
  now: Now,
): Proof | undefined => {
  switch (credentials.method) {
    case 'client_secret_basic':
    case 'client_secret_post':
    case 'client_secret_json':
      return verifyClientSecret(client, credentials, now);
    case 'none':
      return verifyNone(client);
  }
};
