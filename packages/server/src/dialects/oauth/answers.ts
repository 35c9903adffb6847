import type { Policy } from '../../clients/policy.ts';
import type { Refusal } from '../../errors.ts';
import type { TokenResponse } from '../../grant-types/grant-type.ts';
import type { Exchange, WireResponse } from '../../wire/exchange.ts';
import { withRefusalHeaders } from '../dialect.ts';
import { oauthRefusals } from './refusals.ts';
import type { OAuthAnswer } from './refusals.ts';

/**
 * How long a document that seldom changes may be cached, in seconds: at most half of the time for which a key is
 * published before it signs.
 */
const CACHE_SECONDS = 300;

/** The headers of every answer to a client: JSON that must not be cached (RFC 6749 §5.1). */
export const oauthHeaders = ({ requestId }: Exchange) => ({
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
  'X-Request-Id': requestId,
});

/** The same where the vendor has another header for the id of a request. */
export const headersNamed =
  (requestIdHeader: string) =>
  (exchange: Exchange): Readonly<Record<string, string>> => {
    const { 'X-Request-Id': requestId, ...headers } = oauthHeaders(exchange);
    return { ...headers, [requestIdHeader]: requestId };
  };

/** A refusal as RFC 6749 §5.2 writes it, with the headers that every answer of the dialect has, or with another body. */
export const renderOAuthError = (
  { status, error, description, headers }: OAuthAnswer,
  refusal: Refusal,
  everyHeader: Readonly<Record<string, string>>,
  body: object = { error, error_description: description },
): WireResponse => ({
  status,
  headers: { ...everyHeader, ...withRefusalHeaders(refusal, headers) },
  body: JSON.stringify(body),
});

/** A refusal as the RFCs have it, in its own words where it carries some. */
export const renderOAuthRefusal = (
  refusal: Refusal,
  { exchange }: { readonly exchange: Exchange },
): WireResponse => {
  const answer = { ...oauthRefusals[refusal.reason], ...refusal.oauthError };
  return renderOAuthError(answer, refusal, oauthHeaders(exchange));
};

/** An answer to a client, which must not be cached. */
export const answerClient = (body: object | '', exchange: Exchange): WireResponse => {
  const { 'Content-Type': type, ...headers } = oauthHeaders(exchange);
  return {
    status: 200,
    headers: body === '' ? headers : { 'Content-Type': type, ...headers },
    body: body === '' ? '' : JSON.stringify(body),
  };
};

/** The members of a successful token response. Written as text, because tokens and scopes need no escaping. @see RFC 6749 §5.1 */
export const writeTokens = (
  {
    accessToken,
    expiresInSeconds,
    refreshToken,
    refreshExpiresInSeconds,
    scope,
    tokenType,
    details,
  }: TokenResponse,
  { includeRefreshExpiry }: Pick<Policy, 'includeRefreshExpiry'>,
): string => {
  const refresh = refreshToken === undefined ? '' : `,"refresh_token":"${refreshToken}"`;
  const expiry =
    includeRefreshExpiry && refreshToken !== undefined
      ? `,"refresh_token_expires_in":${refreshExpiresInSeconds}`
      : '';
  const scopes = scope === undefined ? '' : `,"scope":"${scope}"`;
  // RFC 9396 §7.
  const detailed = details === undefined ? '' : `,"authorization_details":${JSON.stringify(details)}`;
  return `{"access_token":"${accessToken}","token_type":"${tokenType ?? 'Bearer'}","expires_in":${expiresInSeconds}${refresh}${expiry}${scopes}${detailed}}`;
};

/** A public document, which scripts of other origins may read. */
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
