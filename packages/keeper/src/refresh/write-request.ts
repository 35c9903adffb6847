import { KeeperError } from '../errors.ts';
import type { Client } from '../providers/clients.ts';
import type { Provider } from '../providers/provider.ts';
import type { TokenRequest } from './exchange.ts';

/** The request of one refresh. Throws `KeeperError` where the grant lacks a parameter of its provider. */
export const writeRequest = (
  client: Client,
  secret: string,
  params: Readonly<Record<string, string>>,
  refreshToken: string | undefined,
): TokenRequest => {
  const { fields, grantType, url, constants } = client.provider;
  const members: Record<string, string> = { ...fillPlaceholders(constants, params) };
  if (fields.grantType !== undefined) members[fields.grantType] = grantType;
  if (fields.refreshToken !== undefined && refreshToken !== undefined)
    members[fields.refreshToken] = refreshToken;
  return writeTokenRequest(client, { url, members, secret, params });
};

/** A request with the client's authentication. Throws `KeeperError` where a parameter of the provider is missing. */
export const writeTokenRequest = (
  { provider, clientId, userAgent }: Client,
  {
    url,
    members: given,
    secret,
    params,
  }: {
    readonly url: string;
    readonly members: Readonly<Record<string, string>>;
    readonly secret: string;
    readonly params: Readonly<Record<string, string>>;
  },
): TokenRequest => {
  const { fields, body, credentials } = provider;
  const members: Record<string, string> = { ...given };
  if (credentials !== 'basic') members[fields.clientId ?? 'client_id'] = clientId;
  if (credentials === 'body') members[fields.clientSecret ?? 'client_secret'] = secret;
  return {
    url,
    headers: {
      ...commonHeaders(userAgent),
      'content-type': body === 'json' ? 'application/json' : FORM,
      ...fillHeaders(provider, params),
      ...(credentials === 'basic' ? { authorization: basic(clientId, secret) } : {}),
    },
    body: body === 'json' ? JSON.stringify(members) : new URLSearchParams(members).toString(),
  };
};

const FORM = 'application/x-www-form-urlencoded';

/**
 * The request that ends a grant; `undefined` where the provider has no endpoint for it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1
 */
export const writeRevocation = (
  { provider, clientId, userAgent }: Client,
  secret: string,
  params: Readonly<Record<string, string>>,
  refreshToken: string,
): TokenRequest | undefined => {
  const { revocationUrl, credentials } = provider;
  if (revocationUrl === undefined) return undefined;
  const members = new URLSearchParams({ token: refreshToken, token_type_hint: 'refresh_token' });
  if (credentials !== 'basic') members.set('client_id', clientId);
  if (credentials === 'body') members.set('client_secret', secret);
  return {
    url: revocationUrl,
    headers: {
      ...commonHeaders(userAgent),
      'content-type': FORM,
      ...fillHeaders(provider, params),
      ...(credentials === 'basic' ? { authorization: basic(clientId, secret) } : {}),
    },
    body: members.toString(),
  };
};

const commonHeaders = (userAgent: string): Readonly<Record<string, string>> => ({
  accept: 'application/json',
  'user-agent': userAgent,
});

const basic = (clientId: string, secret: string): string =>
  `Basic ${Buffer.from(`${encode(clientId)}:${encode(secret)}`).toString('base64')}`;

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 The halves are form-encoded first. */
const encode = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');

const PLACEHOLDER = /\{(\w+)\}/g;

/** The parameters that every grant of a provider needs. */
export const paramsOf = ({ headers, constants }: Provider): readonly string[] =>
  [...Object.values(headers), ...Object.values(constants)].flatMap((value) =>
    [...value.matchAll(PLACEHOLDER)].map(([, name = '']) => name),
  );

const fillHeaders = (
  provider: Provider,
  params: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => {
  for (const name of paramsOf(provider)) refuseWithout(provider, params, name);
  return fillPlaceholders(provider.headers, params);
};

/** Values with the parameters in the places of their names. */
export const fillPlaceholders = (
  values: Readonly<Record<string, string>>,
  params: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      value.replaceAll(PLACEHOLDER, (_whole, name: string) => params[name] ?? ''),
    ]),
  );

const refuseWithout = (
  { name: provider }: Provider,
  params: Readonly<Record<string, string>>,
  name: string,
): void => {
  const value = params[name];
  if (value !== undefined && /^[\w.:@-]{1,200}$/.test(value)) return;
  throw new KeeperError(
    'param_missing',
    `${provider} needs the parameter "${name}" for every connection`,
    `Give it to put: { params: { ${name}: '...' } }.`,
  );
};

/** Throws `KeeperError` where a parameter is missing or could not stand in a header. */
export const checkParams = (provider: Provider, params: Readonly<Record<string, string>>): void =>
  void fillHeaders(provider, params);
