import type { Credentials } from '../clients/authenticate.ts';
import { remember } from '../clients/memoize.ts';
import { Refusal } from '../errors.ts';
import type { WireRequest } from '../wire/exchange.ts';

/** The media type of a request in lower case, its parameters dropped; `undefined` where there is none. */
export const readMediaType = ({ headers }: WireRequest): string | undefined =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The `Idempotency-Key`: up to 255 visible ASCII characters, compared as they are. */
export const readIdempotencyKey = ({ headers }: WireRequest): string | undefined => {
  const key = headers['idempotency-key'];
  if (key !== undefined && !IDEMPOTENCY_KEY.test(key)) throw new Refusal('idempotency_key_malformed');
  return key;
};

const BASIC = /^basic +(?<encoded>[A-Za-z0-9+/]+={0,2})$/i;

/**
 * The credentials of HTTP Basic, in the two readings found in the field: both halves form-encoded, as RFC 6749
 * §2.3.1 asks, and raw, as curl and the Smartcar SDK send them. One reading where both are the same. The id ends
 * at the first colon (RFC 7617 §2).
 */
export const readBasic = ({ headers }: WireRequest): readonly Credentials[] => {
  const header = headers['authorization'];
  if (header === undefined || header.trim() === '') throw new Refusal('credentials_missing');
  return readPair(header);
};

const readPair = remember((header): readonly Credentials[] => {
  const encoded = BASIC.exec(header.trim())?.groups?.['encoded'];
  const pair = encoded === undefined ? undefined : decodeUtf8(Buffer.from(encoded, 'base64'));
  const colon = pair?.indexOf(':') ?? -1;
  if (pair === undefined || colon < 1) throw new Refusal('credentials_malformed');
  const raw = { clientId: pair.slice(0, colon), clientSecret: pair.slice(colon + 1) };
  const clientId = decodeFormText(raw.clientId);
  const clientSecret = decodeFormText(raw.clientSecret);
  if (clientId === undefined || clientSecret === undefined) return [raw];
  const isSame = clientId === raw.clientId && clientSecret === raw.clientSecret;
  return isSame ? [raw] : [{ clientId, clientSecret }, raw];
});

const BEARER = /^bearer +(?<token>[A-Za-z0-9._~+/-]+=*)$/i;

/**
 * The access token of a request. Throws a `Refusal` where there is none, or something else stands in its place.
 *
 * @see RFC 6750 §2.1
 */
export const readBearer = ({ headers }: WireRequest): string => {
  const header = headers['authorization']?.trim() ?? '';
  if (header === '') throw new Refusal('access_token_missing');
  const token = BEARER.exec(header)?.groups?.['token'];
  if (token === undefined) throw new Refusal('access_token_dead');
  return token;
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text the bytes are in UTF-8, or `undefined` where they are none. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** The text that form encoding stands for, or `undefined` where it is malformed or no UTF-8. */
export const decodeFormText = (text: string): string | undefined => {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};
