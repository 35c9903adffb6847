import { ClientSecretBasic, ClientSecretPost, None } from 'openid-client';
import type { ClientAuth } from 'openid-client';

/** How a client sends its secret to a token endpoint. RFC 6749 §2.3.1. */
export const SECRET_METHODS = ['client_secret_basic', 'client_secret_post'] as const;
export type SecretMethod = (typeof SECRET_METHODS)[number];

const METHODS = { client_secret_basic: ClientSecretBasic, client_secret_post: ClientSecretPost } as const;

/** Authenticates at the token endpoint of a provider: by `method`, or else as its metadata asks for. */
export const authenticateAtProvider = (
  secret: string | undefined,
  method: SecretMethod | undefined,
): ClientAuth => {
  if (secret === undefined) return None();
  return (provider, client, body, headers) => {
    const { token_endpoint_auth_methods_supported: supported } = provider;
    METHODS[method ?? chooseMethod(supported)](secret)(provider, client, body, headers);
  };
};

/**
 * The first method that the provider supports. Where its metadata names neither, the one that is the default and that every
 * server must support. RFC 6749 §2.3.1, OpenID Connect Discovery §3.
 */
export const chooseMethod = (supported: unknown): SecretMethod => {
  const named: readonly unknown[] = Array.isArray(supported) ? supported : [supported];
  return SECRET_METHODS.find((method) => named.includes(method)) ?? 'client_secret_basic';
};
