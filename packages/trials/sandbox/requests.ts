import type { World } from '@keyfob/sandbox';
import type { RequestParts } from '../support/raw-request.ts';

/** The credentials of a client in HTTP Basic. */
export const basicOf = (world: World, client: string, secret?: string): string => {
  const { clientId = '', clientSecret: current = '' } = world.clients.find(client) ?? {};
  const clientSecret = secret ?? current;
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
};

/** A Smartcar refresh as the vendor's page shows it, for a raw connection. */
export const smartcarRefresh = (
  world: World,
  refreshToken: string,
  client = 'smartcar',
  secret?: string,
): RequestParts => ({
  target: `${world.basePath}/oauth/token`,
  headers: {
    Host: new URL(world.url).host,
    Authorization: basicOf(world, client, secret),
    'Content-Type': 'application/x-www-form-urlencoded',
    'User-Agent': 'trial/1',
  },
  body: `grant_type=refresh_token&refresh_token=${refreshToken}`,
});

/** A Pleos refresh, for a raw connection. */
export const pleosRefreshParts = (
  world: World,
  refreshToken: string,
  { client, clientSecret }: { readonly client: string; readonly clientSecret: string },
): RequestParts => ({
  target: `${world.basePath}/v1/auth/token-refresh`,
  headers: {
    Host: new URL(world.url).host,
    'Content-Type': 'application/json',
    Brand: 'hyundai',
  },
  body: JSON.stringify({ clientId: world.clients.find(client)?.clientId, clientSecret, refreshToken }),
});

/** A pair of tokens as a client reads it. */
export type Pair = { readonly accessToken: string; readonly refreshToken: string };

/** The answer to a refresh: its pair, or the status of a refusal. Rejects where no answer came. */
export const refresh = (world: World, refreshToken: string, client = 'smartcar'): Promise<Pair | number> =>
  refreshWithin(world, refreshToken, client, undefined);

/** The same, for a client that gives up after so many milliseconds, and does not follow redirects. */
export const refreshWithin = async (
  world: World,
  refreshToken: string,
  client: string,
  patienceMs: number | undefined,
): Promise<Pair | number> => {
  const how: RequestInit =
    patienceMs === undefined ? {} : { signal: AbortSignal.timeout(patienceMs), redirect: 'manual' };
  const isPleos = world.clients.find(client)?.dialect === 'pleos';
  const response = await (isPleos
    ? pleosRefresh(world, refreshToken, client, how)
    : fetchRefresh(world, refreshToken, client, how));
  const text = await response.text();
  if (response.status !== 200) return response.status;
  const answer = JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const members = (answer['data'] ?? answer) as Readonly<Record<string, string>>;
  return {
    accessToken: members['access_token'] ?? members['accessToken'] ?? '',
    refreshToken: members['refresh_token'] ?? members['refreshToken'] ?? '',
  };
};

const fetchRefresh = (
  world: World,
  refreshToken: string,
  client: string,
  how: RequestInit,
): Promise<Response> =>
  fetch(`${world.url}/oauth/token`, {
    ...how,
    method: 'POST',
    headers: {
      authorization: basicOf(world, client),
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'trial/1',
    },
    body: `grant_type=refresh_token&refresh_token=${refreshToken}`,
  });

const pleosRefresh = (
  world: World,
  refreshToken: string,
  client: string,
  how: RequestInit,
): Promise<Response> => {
  const { clientId, clientSecret } = world.clients.find(client) ?? {};
  return fetch(`${world.url}/v1/auth/token-refresh`, {
    ...how,
    method: 'POST',
    headers: { 'content-type': 'application/json', brand: 'hyundai' },
    body: JSON.stringify({ clientId, clientSecret, refreshToken }),
  });
};

/** The newest refresh token of a pair. Throws for a refusal. */
export const tokenOf = (answer: Pair | number): string => {
  if (typeof answer === 'number') throw new Error(`refused with ${answer}`);
  return answer.refreshToken;
};
