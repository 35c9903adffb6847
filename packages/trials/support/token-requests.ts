import type { WireRequest, WireResponse } from '@keyfob/server/wire';
import type { DialectName } from './dialect-name.ts';

/** The values of a refresh request. */
export type RefreshWords = {
  readonly clientId: string;
  /** `undefined` for a public client. */
  readonly clientSecret: string | undefined;
  readonly refreshToken: string;
  readonly brand: string;
  readonly idempotencyKey: string | undefined;
};

/** An answer as a client interprets it. */
export type Answer =
  | { readonly kind: 'granted'; readonly refreshToken: string; readonly accessToken: string }
  /** The refresh token is dead: the owner would have to consent again. */
  | { readonly kind: 'dead' }
  /** The server is unavailable: 503 with Retry-After. */
  | { readonly kind: 'outage' }
  | { readonly kind: 'unauthenticated' }
  /** An undocumented answer. */
  | { readonly kind: 'broken'; readonly what: string };

/** The values of a code exchange request. */
export type ExchangeWords = Omit<RefreshWords, 'refreshToken'> & {
  readonly code: string;
  readonly redirectUri: string;
  readonly codeVerifier: string | undefined;
};

type Sender = Pick<RefreshWords, 'clientId' | 'clientSecret' | 'idempotencyKey'>;

const keyHeader = ({ idempotencyKey }: Sender): Record<string, string> =>
  idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };

/** A form request with HTTP Basic, or with only the id in the body. */
const writeForm = (sender: Sender, fields: Readonly<Record<string, string | undefined>>): WireRequest => {
  const { clientId, clientSecret } = sender;
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.set(name, value);
  if (clientSecret === undefined) form.set('client_id', clientId);
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return {
    method: 'POST',
    path: '/oauth/token',
    query: '',
    headers: {
      ...keyHeader(sender),
      ...(clientSecret === undefined ? {} : { authorization: `Basic ${basic}` }),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: Buffer.from(form.toString()),
  };
};

const writeJson = (path: string, sender: Sender, brand: string, fields: object): WireRequest => ({
  method: 'POST',
  path,
  query: '',
  headers: { ...keyHeader(sender), 'content-type': 'application/json', brand },
  body: Buffer.from(
    JSON.stringify({ clientId: sender.clientId, clientSecret: sender.clientSecret, ...fields }),
  ),
});

/** The request of each dialect, as its API page shows it. */
export const writeRefresh: Readonly<Record<DialectName, (words: RefreshWords) => WireRequest>> = {
  smartcar: (words) => writeForm(words, { grant_type: 'refresh_token', refresh_token: words.refreshToken }),
  pleos: (words) =>
    writeJson('/v1/auth/token-refresh', words, words.brand, { refreshToken: words.refreshToken }),
};

/** The code exchange request of each dialect, as its API page shows it. */
export const writeExchange: Readonly<Record<DialectName, (words: ExchangeWords) => WireRequest>> = {
  smartcar: (words) =>
    writeForm(words, {
      grant_type: 'authorization_code',
      code: words.code,
      redirect_uri: words.redirectUri,
      code_verifier: words.codeVerifier,
    }),
  pleos: (words) =>
    writeJson('/v1/auth/token', words, words.brand, { code: words.code, redirectUrl: words.redirectUri }),
};

const broken = ({ status, body }: WireResponse): Answer => ({ kind: 'broken', what: `${status} ${body}` });

/** The answer of each dialect, read as its API page and RFC 6749 §5 describe it. */
export const readAnswer: Readonly<Record<DialectName, (response: WireResponse) => Answer>> = {
  smartcar(response) {
    if (response.status === 503 && 'Retry-After' in response.headers) return { kind: 'outage' };
    if (response.body === '') return broken(response);
    const body = JSON.parse(response.body) as Readonly<Record<string, string>>;
    const { access_token: accessToken, refresh_token: refreshToken, error } = body;
    if (response.status === 200 && accessToken !== undefined && refreshToken !== undefined)
      return { kind: 'granted', refreshToken, accessToken };
    if (response.status === 400 && error === 'invalid_grant') return { kind: 'dead' };
    if (response.status === 401 && error === 'invalid_client') return { kind: 'unauthenticated' };
    return broken(response);
  },
  pleos(response) {
    if (response.status === 503 && 'Retry-After' in response.headers) return { kind: 'outage' };
    if (response.body === '') return broken(response);
    const { data, error } = JSON.parse(response.body) as {
      readonly data?: { readonly accessToken: string; readonly refreshToken: string };
      readonly error?: { readonly code: string; readonly details: readonly { readonly field: string }[] };
    };
    if (response.status === 200 && data !== undefined) return { kind: 'granted', ...data };
    if (response.status !== 400 || error === undefined) return broken(response);
    // The client's policy decides the error code of a dead token, but the details name the token or the code.
    if (error.details.some(({ field }) => field === 'refreshToken' || field === 'code'))
      return { kind: 'dead' };
    return error.code === '401' ? { kind: 'unauthenticated' } : broken(response);
  },
};
