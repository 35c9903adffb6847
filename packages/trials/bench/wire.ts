/** How a refresh is asked for on one wire, and where its answer has the tokens. Plain values: it crosses processes. */
export type Wire = {
  /** The request line and every header but Content-Length. */
  readonly head: readonly string[];
  readonly bodyBeforeToken: string;
  readonly bodyAfterToken: string;
  /** The members to go through in the answer's JSON, outermost first. */
  readonly accessTokenAt: readonly string[];
  readonly refreshTokenAt: readonly string[];
  /** Sources of regular expressions that a whole token fits. */
  readonly accessTokenPattern: string;
  readonly refreshTokenPattern: string;
};

const USER_AGENT = 'User-Agent: node-fetch/3.3.2 (+https://github.com/node-fetch/node-fetch)';

/** What a refresh looks like by RFC 6749 §6 with HTTP Basic; `tokenPattern` is what its server's tokens look like. */
export const oauthWire = (wanted: {
  readonly path: string;
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenPattern: string;
}): Wire => ({
  head: [
    `POST ${wanted.path} HTTP/1.1`,
    `Host: 127.0.0.1:${wanted.port}`,
    USER_AGENT,
    `Authorization: Basic ${Buffer.from(`${wanted.clientId}:${wanted.clientSecret}`).toString('base64')}`,
    'Content-Type: application/x-www-form-urlencoded',
    'Accept: application/json',
    'Connection: keep-alive',
  ],
  bodyBeforeToken: 'grant_type=refresh_token&refresh_token=',
  bodyAfterToken: '',
  accessTokenAt: ['access_token'],
  refreshTokenAt: ['refresh_token'],
  accessTokenPattern: wanted.tokenPattern,
  refreshTokenPattern: wanted.tokenPattern,
});

/** What a refresh looks like on the Pleos wire: JSON with the credentials in it. */
export const pleosWire = (wanted: {
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
}): Wire => ({
  head: [
    'POST /v1/auth/token-refresh HTTP/1.1',
    `Host: 127.0.0.1:${wanted.port}`,
    USER_AGENT,
    'Brand: hyundai',
    'Content-Type: application/json',
    'Accept: application/json',
    'Connection: keep-alive',
  ],
  bodyBeforeToken: `{"clientId":"${wanted.clientId}","clientSecret":"${wanted.clientSecret}","refreshToken":"`,
  bodyAfterToken: '"}',
  accessTokenAt: ['data', 'accessToken'],
  refreshTokenAt: ['data', 'refreshToken'],
  accessTokenPattern: '[0-9A-Za-z]{36}',
  refreshTokenPattern: '[0-9A-Z]{36}',
});

/** Smartcar's tokens. */
export const UUID_PATTERN = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
