import type { DialectName } from './dialect-name.ts';
import type { MadeClient } from './keyfob-process.ts';

/** The answer of a token endpoint. The tokens are empty if the answer has none. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly accessToken: string;
  readonly refreshToken: string;
};

export const DIALECTS: readonly DialectName[] = ['smartcar', 'pleos'];

type RequestHeaders = Readonly<Record<string, string>>;

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Posts to a token endpoint and reads the answer in either wire format. */
export const post = async (url: string, headers: RequestHeaders, body: string): Promise<Answer> => {
  const response = await fetch(url, { method: 'POST', headers, body });
  const read = await response.text();
  const parsed = (read === '' ? {} : JSON.parse(read)) as Record<string, unknown>;
  return {
    status: response.status,
    headers: response.headers,
    text: read,
    body: parsed,
    accessToken: text(parsed['access_token'] ?? member(parsed['data'], 'accessToken')),
    refreshToken: text(parsed['refresh_token'] ?? member(parsed['data'], 'refreshToken')),
  };
};

/** Refreshes as Smartcar's clients do. */
export const refreshSmartcar = async (
  url: string,
  { clientId, clientSecret }: MadeClient,
  refreshToken: string,
  headers: RequestHeaders = {},
): Promise<Answer> => {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const type = 'application/x-www-form-urlencoded';
  return post(`${url}/oauth/token`, { authorization, 'content-type': type, ...headers }, form.toString());
};

/** Refreshes as Pleos's clients do. */
export const refreshPleos = async (
  url: string,
  { clientId, clientSecret }: MadeClient,
  refreshToken: string,
  headers: RequestHeaders = {},
): Promise<Answer> =>
  post(
    `${url}/v1/auth/token-refresh`,
    { 'content-type': 'application/json', brand: 'hyundai', ...headers },
    JSON.stringify({ clientId, clientSecret, refreshToken }),
  );

/** How each dialect's clients refresh. */
export const refreshAs = { smartcar: refreshSmartcar, pleos: refreshPleos } as const;

type Exchange = (url: string, client: MadeClient, code: string, redirectUri: string) => Promise<Answer>;

const exchangeSmartcar: Exchange = (url, { clientId, clientSecret }, code, redirectUri) => {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  const type = 'application/x-www-form-urlencoded';
  return post(`${url}/oauth/token`, { authorization, 'content-type': type }, form.toString());
};

const exchangePleos: Exchange = (url, { clientId, clientSecret }, code, redirectUri) =>
  post(
    `${url}/v1/auth/token`,
    { 'content-type': 'application/json', brand: 'hyundai' },
    JSON.stringify({ clientId, clientSecret, code, redirectUrl: redirectUri }),
  );

/** How each dialect's clients exchange a code for the first tokens. */
export const exchangeAs = { smartcar: exchangeSmartcar, pleos: exchangePleos } as const;

/** The code of a Pleos refusal, the error of a Smartcar one. */
export const refusalOf = ({ body }: Answer): string =>
  typeof body['error'] === 'string' ? body['error'] : text(member(body['error'], 'code'));
