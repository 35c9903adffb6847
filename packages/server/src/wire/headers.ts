import { Refusal } from '../errors.ts';
import { memoize } from '../memoize.ts';
import type { WireRequest } from './exchange.ts';

/** The media type of a request in lower case, without its parameters; `undefined` where there is none, or a blank one. */
export const readMediaType = ({ headers }: WireRequest): string | undefined =>
  mediaTypeOf(headers['content-type'] ?? '') || undefined;

const mediaTypeOf = memoize((header) => header.split(';', 1)[0]?.trim().toLowerCase() ?? '');

const HTML = /(?:^|,)\s*text\/html\s*(?:[,;]|$)/i;

/** Whether a request is of a browser that opens an address: it asks for HTML by name. Programs accept anything, or JSON. */
export const opensPage = ({ method, headers }: Pick<WireRequest, 'method' | 'headers'>): boolean =>
  (method === 'GET' || method === 'HEAD') && HTML.test(headers['accept'] ?? '');

export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The `Idempotency-Key`: up to 255 visible ASCII characters, compared as they are. */
export const readIdempotencyKey = ({ headers }: WireRequest): string | undefined => {
  const key = headers['idempotency-key'];
  if (key !== undefined && !IDEMPOTENCY_KEY.test(key)) throw new Refusal('idempotency_key_malformed');
  return key;
};

const ACCESS_TOKEN = /^(?<scheme>bearer|dpop) +(?<token>[A-Za-z0-9._~+/-]+=*)$/i;

/** An access token as it was sent: to be used by any bearer, or with a proof. */
export type SentAccessToken = { readonly scheme: 'bearer' | 'dpop'; readonly accessToken: string };

/**
 * The access token of a request. Throws a `Refusal` where there is none or the header is malformed.
 *
 * @see RFC 6750 §2.1, RFC 9449 §7.1
 */
export const readSentAccessToken = ({ headers }: WireRequest): SentAccessToken => {
  const header = headers['authorization']?.trim() ?? '';
  if (header === '') throw new Refusal('access_token_missing');
  const { scheme, token } = ACCESS_TOKEN.exec(header)?.groups ?? {};
  if (scheme === undefined || token === undefined) throw new Refusal('access_token_dead');
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', accessToken: token };
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that the bytes encode, or `undefined` where they are not UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** The text that form encoding stands for, or `undefined` where it is malformed or not UTF-8. */
export const decodeFormText = (text: string): string | undefined => {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};
