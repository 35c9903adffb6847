import type { Client, ClientSecret } from './client.ts';
import type { AssertionReason } from '../errors.ts';
import { parseJwt } from './assertion.ts';
import { verifyClientSecret } from './methods/client-secret.ts';
import type { ClientSecretCredentials } from './methods/client-secret.ts';
import { verifyAssertion } from './methods/private-key-jwt.ts';
import type { AssertionContext, AssertionCredentials, ProvedAssertion } from './methods/private-key-jwt.ts';
import { verifyNone } from './methods/none.ts';
import type { NoCredentials } from './methods/none.ts';
import { verifyTls } from './methods/tls-client.ts';
import type { TlsCredentials } from './methods/tls-client.ts';
import type { Policy } from './policy.ts';

/**
 * What a client sent to authenticate: a union by method. A new method is a file in `methods/`, a member here and a case
 * below.
 */
export type Credentials = ClientSecretCredentials | NoCredentials | AssertionCredentials | TlsCredentials;

/** By the names that metadata uses, and `client_secret_json` for members of a JSON body. @see RFC 8414 §2 `token_endpoint_auth_methods_supported` */
export type AuthenticationMethod = Credentials['method'];

/** The credentials that an assertion is; `undefined` for a text that names no client. */
export const readAssertion = (text: string): AssertionCredentials | undefined => {
  const assertion = parseJwt(text);
  const clientId = assertion?.claims['sub'];
  return assertion === undefined || typeof clientId !== 'string'
    ? undefined
    : { method: 'private_key_jwt', clientId, assertion };
};

/** Whether the client's policy lets it authenticate by a method. */
export const allowsMethod = (
  { clientAuthentication }: Pick<Policy, 'clientAuthentication'>,
  method: AuthenticationMethod,
): boolean => {
  switch (clientAuthentication) {
    case 'both':
      return true;
    case 'basic':
      return method !== 'client_secret_post';
    case 'post':
      return method !== 'client_secret_basic';
    case 'private_key_jwt':
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return method === clientAuthentication;
  }
};

/**
 * The secret that was sent, the assertion that must not have been used before, that a certificate proves the client, or `public`
 * for a client that needs no proof.
 */
export type Proof = ClientSecret | ProvedAssertion | 'certificate' | 'public';

/** Why credentials prove nothing. */
export type Unproved = { readonly reason: 'client_secret_wrong' | AssertionReason };

const WRONG: Unproved = { reason: 'client_secret_wrong' };

/**
 * What proves the client, or why nothing does. Must not wait: the throttle counts
 * guesses one by one only if nothing else runs between its check and its count.
 */
export const verifyCredentials = (
  client: Client | undefined,
  credentials: Credentials,
  context: AssertionContext,
): Proof | Unproved => {
  switch (credentials.method) {
    case 'client_secret_basic':
    case 'client_secret_post':
    case 'client_secret_json':
      return verifyClientSecret(client, credentials, context.now) ?? WRONG;
    case 'private_key_jwt':
      return verifyAssertion(client, credentials, context);
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return verifyTls(client, credentials, context) ?? WRONG;
    case 'none':
      return verifyNone(client, credentials) ?? WRONG;
  }
};
