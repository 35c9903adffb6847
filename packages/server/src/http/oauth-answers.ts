import type { Exchange, WireResponse } from '../wire/exchange.ts';
import { smartcar } from '../dialects/smartcar/smartcar.ts';
import type { Refusal, RefusalReason } from '../errors.ts';

/** How long a document that seldom changes may be kept, in seconds: at most half of what a key is published before it signs. */
const CACHE_SECONDS = 300;

/** What is said here otherwise than at the token endpoint, whose words are about refreshing. */
const DESCRIPTIONS: Readonly<Partial<Record<RefusalReason, string>>> = {
  method_not_allowed: 'This endpoint takes another method.',
  grant_type_unsupported: 'grant_type must be client_credentials.',
  credentials_twice: 'Send the client credentials once, in the Authorization header or in the body.',
  store_unavailable: 'The service cannot answer just now. Nothing was changed; try again.',
};

/** Refusals of the endpoints that RFCs define: the errors of RFC 6749 §5.2, as the dialect that speaks it writes them. */
export const renderOAuthRefusal = (
  refusal: Refusal,
  { exchange }: { readonly exchange: Exchange },
): WireResponse => {
  const response = smartcar.renderRefusal(refusal, undefined, exchange);
  const description = DESCRIPTIONS[refusal.reason];
  if (description === undefined) return response;
  const { error } = JSON.parse(response.body) as { readonly error: string };
  return { ...response, body: JSON.stringify({ error, error_description: description }) };
};

/** An answer for the asking client alone. */
export const answerClient = (body: object | '', { requestId }: Exchange): WireResponse => ({
  status: 200,
  headers: {
    ...(body === '' ? {} : { 'Content-Type': 'application/json' }),
    'Cache-Control': 'no-store',
    Pragma: 'no-cache',
    'SC-Request-Id': requestId,
  },
  body: body === '' ? '' : JSON.stringify(body),
});

/** A document for everybody, scripts of other origins included. */
export const answerEverybody = (
  document: object,
  { isCacheable }: { readonly isCacheable: boolean },
): WireResponse => ({
  status: 200,
  headers: {
    'Content-Type': 'application/json',
    'Cache-Control': isCacheable ? `public, max-age=${CACHE_SECONDS}` : 'no-store',
    'Access-Control-Allow-Origin': '*',
  },
  body: JSON.stringify(document),
});
