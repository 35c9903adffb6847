import type { Client } from '../clients/client.ts';
import { toSeconds } from '../clock.ts';
import { isCompactJwt } from '../tokens/access-jwt.ts';
import type { AccessClaims, OpenedAccessJwt } from '../tokens/access-jwt.ts';
import { openRefreshToken } from '../tokens/refresh-token.ts';
import { openTokenId } from '../tokens/token-id.ts';
import { findOpaqueAccess, openJwt, readJwtAccess } from './read-access.ts';
import type { Access, AccessContext } from './read-access.ts';
import type { TokenShapes } from '../grants/issue.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import { standingOfToken } from '../grants/token-standing.ts';

/** How a dialect writes its tokens. */
export type DialectShapes = TokenShapes & { readonly dialect: string };

/** Which kind of token a client takes its token for; orders the search, and nothing else. */
export type TokenTypeHint = 'access_token' | 'refresh_token';

/** A token that an authenticated client asks about. */
export type IntrospectionRequest = {
  readonly token: string;
  readonly hint: TokenTypeHint | undefined;
  readonly client: Client;
  /** Of every dialect. */
  readonly shapes: readonly DialectShapes[];
};

/** What is to be said of a living token; members as RFC 7662 §2.2 names them, absent where they are not known. */
export type Introspection = {
  readonly scope: string;
  readonly client_id: string;
  /** Absent for a refresh token, which is no Bearer token and must not be taken for one. */
  readonly token_type?: 'Bearer';
  readonly exp?: number | undefined;
  readonly iat?: number | undefined;
  readonly sub: string;
  readonly aud?: string | undefined;
  readonly iss?: string | undefined;
  readonly jti?: string;
};

/**
 * What a token stands for; `undefined` where it works no more, never did, or is none of the asking client's business.
 * A resource server may ask about every token, any other client about its own. Changes nothing. Throws `StoreError`
 * where the store or the key ring could not say.
 *
 * @see RFC 7662 §2.2
 */
export const introspect = async (
  context: AccessContext,
  request: IntrospectionRequest,
): Promise<Introspection | undefined> => {
  const isAllowed = ({ client_id: of }: Introspection): boolean =>
    request.client.type === 'resource-server' || request.client.id === of;
  if (isCompactJwt(request.token)) {
    const found = await introspectJwt(context, request.token);
    return found !== undefined && isAllowed(found) ? found : undefined;
  }
  const { keyRing } = context;
  const search = [introspectAccessToken, introspectRefreshToken];
  if (request.hint === 'refresh_token') search.reverse();
  for (const look of search) {
    const found = await look(context, request);
    if (found !== undefined) return isAllowed(found) ? found : undefined;
  }
  const isOfOurForm = shapesOf(request).length > 0;
  return isOfOurForm && (await hasNewerKey(context, keyRing)) ? introspect(context, request) : undefined;
};

const introspectJwt = async (context: AccessContext, token: string): Promise<Introspection | undefined> => {
  const jwt = await openJwt(context, token);
  if (jwt === undefined) return undefined;
  if (openTokenId(jwt.key, jwt.claims.jti)?.kind === 'client') return introspectClientJwt(context, jwt);
  const access = await readJwtAccess(context, jwt);
  return access && { ...describe(jwt.claims), exp: access.expiresAt };
};

/** A token of a client's own has no grant: it lives as long as it says and its client may get one. */
const introspectClientJwt = async (
  { store }: AccessContext,
  { claims }: OpenedAccessJwt,
): Promise<Introspection | undefined> => {
  const { client } = await store.readClient(claims.client_id);
  const isAlive = client !== undefined && client.disabledAt === undefined && client.policy.clientCredentials;
  return isAlive ? describe(claims) : undefined;
};

const describe = ({ scope, client_id, exp, iat, sub, aud, iss, jti }: AccessClaims): Introspection => ({
  scope,
  client_id,
  token_type: 'Bearer',
  exp,
  iat,
  sub,
  aud,
  iss,
  jti,
});

/** The dialects whose tokens look like this one; a token of one dialect in the form of another is nobody's. */
const shapesOf = ({ token, shapes }: IntrospectionRequest): readonly DialectShapes[] =>
  shapes.filter(({ accessToken, refreshToken }) =>
    [accessToken, refreshToken].some((shape) => shape.read(token) !== 'malformed'),
  );

const introspectAccessToken = async (
  context: AccessContext,
  request: IntrospectionRequest,
): Promise<Introspection | undefined> => {
  for (const { dialect, accessToken } of shapesOf(request)) {
    const access = await findOpaqueAccess(context, accessToken, request.token);
    if (access === undefined || access === 'unknown' || access.client.dialect !== dialect) continue;
    return describeAccess(context, access);
  }
  return undefined;
};

const describeAccess = (
  { issuer }: AccessContext,
  { grant, client, issuedAt, expiresAt }: Access,
): Introspection => ({
  scope: grant.scope,
  client_id: client.id,
  token_type: 'Bearer',
  exp: expiresAt,
  iat: issuedAt,
  sub: grant.subject,
  aud: client.policy.audience || undefined,
  iss: issuer,
});

const introspectRefreshToken = async (
  context: AccessContext,
  request: IntrospectionRequest,
): Promise<Introspection | undefined> => {
  const { store, keyRing, clock, issuer } = context;
  for (const { dialect, refreshToken } of shapesOf(request)) {
    const opened = openRefreshToken(keyRing, refreshToken, request.token);
    if (opened === undefined || opened === 'malformed') continue;
    const grant = await store.readGrant(opened.grantId);
    if (grant === undefined) continue;
    const { client } = await store.readClient(grant.clientId);
    if (client?.dialect !== dialect || client.disabledAt !== undefined) continue;
    const standing = standingOfToken(grant, opened, clock(), client.policy);
    if (standing === undefined) continue;
    const { issuedAtMs, expiresAt } = standing;
    const iat = issuedAtMs === undefined ? undefined : toSeconds(issuedAtMs);
    const { scope, subject: sub } = grant;
    return { scope, client_id: client.id, exp: expiresAt, iat, sub, iss: issuer };
  }
  return undefined;
};
