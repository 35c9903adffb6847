import type { DialectName } from 'keyfob/clients/client';
import type { WireRequest, WireResponse } from 'keyfob/dialects/dialect';

/** A refresh as a client puts it on the wire. */
export type RefreshWords = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly brand: string;
  readonly idempotencyKey: string | undefined;
};

/** An answer as a client understands it. */
export type Answer =
  | { readonly kind: 'granted'; readonly refreshToken: string; readonly accessToken: string }
  /** The refresh token is dead: the owner would have to consent again. */
  | { readonly kind: 'dead' }
  /** Not now: 503 with Retry-After. */
  | { readonly kind: 'outage' }
  | { readonly kind: 'unauthenticated' }
  /** Nothing that the documentation of the wire knows. */
  | { readonly kind: 'broken'; readonly what: string };

const formOf = ({ refreshToken }: RefreshWords): string =>
  `grant_type=refresh_token&refresh_token=${refreshToken}`;

const keyHeader = ({ idempotencyKey }: RefreshWords): Record<string, string> =>
  idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };

/** The request of each dialect, as its API page shows it. */
export const writeRefresh: Readonly<Record<DialectName, (words: RefreshWords) => WireRequest>> = {
  smartcar: (words) => ({
    method: 'POST',
    path: '/oauth/token',
    query: '',
    headers: {
      ...keyHeader(words),
      authorization: `Basic ${Buffer.from(`${words.clientId}:${words.clientSecret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: Buffer.from(formOf(words)),
  }),
  pleos: (words) => ({
    method: 'POST',
    path: '/v1/auth/token-refresh',
    query: '',
    headers: { ...keyHeader(words), 'content-type': 'application/json', brand: words.brand },
    body: Buffer.from(
      JSON.stringify({
        clientId: words.clientId,
        clientSecret: words.clientSecret,
        refreshToken: words.refreshToken,
      }),
    ),
  }),
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
    // The code of a dead token is the client's policy's; that the token is meant, the details say.
    if (error.details.some(({ field }) => field === 'refreshToken')) return { kind: 'dead' };
    return error.code === '401' ? { kind: 'unauthenticated' } : broken(response);
  },
};
