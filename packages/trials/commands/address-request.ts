import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { MadeClient } from '../support/keyfob-process.ts';
import type { DialectName } from '../support/dialect-name.ts';

/** An answer. `retryAfter` is the header value, empty if there was none. */
export type AddressAnswer = {
  readonly status: number;
  readonly retryAfter: string;
  readonly text: string;
  readonly refreshToken: string;
};

type Headings = Readonly<Record<string, string>>;

const postFrom = async (
  address: string,
  url: string,
  headers: Headings,
  body: string,
): Promise<AddressAnswer> => {
  const sent = request(url, { method: 'POST', headers, localAddress: address, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const read = await text(response);
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'] ?? '',
    text: read,
    refreshToken: /"(?:refresh_token|refreshToken)":"(?<token>[^"]+)"/.exec(read)?.groups?.['token'] ?? '',
  };
};

/** Refreshes over a new connection from a loopback address of this machine, such as `127.0.0.2`. */
export const refreshFrom = (
  address: string,
  {
    url,
    dialect,
    headers = {},
  }: { readonly url: string; readonly dialect: DialectName; readonly headers?: Headings },
  { clientId, clientSecret }: MadeClient,
  refreshToken: string,
): Promise<AddressAnswer> => {
  if (dialect === 'pleos') {
    const body = JSON.stringify({ clientId, clientSecret, refreshToken });
    return postFrom(address, `${url}/v1/auth/token-refresh`, { brand: 'kia', ...headers }, body);
  }
  const sent = {
    authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
    'user-agent': 'address/1',
    ...headers,
  };
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  return postFrom(address, `${url}/oauth/token`, sent, form.toString());
};
