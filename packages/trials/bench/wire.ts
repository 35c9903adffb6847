/** How to write a refresh request in one dialect, and where its answer has the tokens. It is sent between processes. */
export type Wire = {
  /** The request line and every header except Content-Length. */
  readonly head: readonly string[];
  readonly bodyBeforeToken: string;
  readonly bodyAfterToken: string;
  /** The path of member names in the answer's JSON, outermost first. */
  readonly accessTokenAt: readonly string[];
  readonly refreshTokenAt: readonly string[];
  /** Sources of regular expressions that match a whole token. */
  readonly accessTokenPattern: string;
  readonly refreshTokenPattern: string;
};

const USER_AGENT = 'User-Agent: node-fetch/3.3.2 (+https://github.com/node-fetch/node-fetch)';

/** A refresh as in RFC 6749 §6 with HTTP Basic. `tokenPattern` matches the tokens of the server. */
export const oauthWire = (options: {
  readonly path: string;
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenPattern: string;
}): Wire => ({
  head: [
    `POST ${options.path} HTTP/1.1`,
    `Host: 127.0.0.1:${options.port}`,
    USER_AGENT,
    `Authorization: Basic ${Buffer.from(`${options.clientId}:${options.clientSecret}`).toString('base64')}`,
    'Content-Type: application/x-www-form-urlencoded',
    'Accept: application/json',
    'Connection: keep-alive',
  ],
  bodyBeforeToken: 'grant_type=refresh_token&refresh_token=',
  bodyAfterToken: '',
  accessTokenAt: ['access_token'],
  refreshTokenAt: ['refresh_token'],
  accessTokenPattern: options.tokenPattern,
  refreshTokenPattern: options.tokenPattern,
});

/** A refresh in the Pleos dialect: JSON that includes the credentials. */
export const pleosWire = (options: {
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
}): Wire => ({
  head: [
    'POST /v1/auth/token-refresh HTTP/1.1',
    `Host: 127.0.0.1:${options.port}`,
    USER_AGENT,
    'Brand: hyundai',
    'Content-Type: application/json',
    'Accept: application/json',
    'Connection: keep-alive',
  ],
  bodyBeforeToken: `{"clientId":"${options.clientId}","clientSecret":"${options.clientSecret}","refreshToken":"`,
  bodyAfterToken: '"}',
  accessTokenAt: ['data', 'accessToken'],
  refreshTokenAt: ['data', 'refreshToken'],
  accessTokenPattern: '[0-9A-Za-z]{428}',
  refreshTokenPattern: '[0-9A-Z]{36}',
});

/** Matches Smartcar tokens. */
export const UUID_PATTERN = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
