import type { Client } from '../clients/client.ts';
import { readNow, toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import { isCompactJwt } from '../tokens/access-jwt.ts';
import type { AccessClaims, OpenedAccessJwt } from '../tokens/access-jwt.ts';
import { isOfShape, writeConfirmation } from '../tokens/binding.ts';
import type { Binding, Confirmation } from '../tokens/binding.ts';
import { readingsOfRefreshToken } from '../tokens/refresh-token.ts';
import { audiencesOf, remainingAudiences, writeAudience } from '../grants/audience.ts';
import type { TokenShapes } from '../grants/issue.ts';
import type { Access } from '../grants/judge-access.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import { findOpaqueAccess, openJwt, readJwtAccess } from '../grants/read-access.ts';
import type { AccessContext } from '../grants/read-access.ts';
import { isClientJwt, judgeClientJwt } from '../grants/read-client-access.ts';
import { standingOfToken } from '../grants/token-standing.ts';
import { describeVehicleData } from '../grants/vehicle-data.ts';
import type { VehicleDataDetail } from '../grants/vehicle-data.ts';

/** How a dialect writes its tokens. */
export type DialectShapes = TokenShapes & { readonly dialect: string };

/** The kind that a client says its token is; it only orders the search. */
export type TokenTypeHint = 'access_token' | 'refresh_token';

/** A token that an authenticated client introspects. */
export type IntrospectionRequest = {
  readonly token: string;
  readonly hint: TokenTypeHint | undefined;
  readonly client: Client;
  /** Of every dialect. */
  readonly shapes: readonly DialectShapes[];
};

/** What an active token is; members as in RFC 7662 §2.2, absent where they are unknown. */
export type Introspection = {
  readonly scope: string;
  readonly client_id: string;
  /** Absent for a refresh token, which must not be accepted as a Bearer token. */
  readonly token_type?: 'Bearer' | 'DPoP';
  readonly exp?: Seconds | undefined;
  readonly iat?: Seconds | undefined;
  readonly sub: string;
  readonly aud?: string | undefined | readonly (string | undefined)[];
  readonly iss?: string | undefined;
  readonly jti?: string;
  /** What its sender must show besides. @see RFC 9449 §6.2, RFC 8705 §3.2 */
  readonly cnf?: Confirmation;
  /** What an access token is for, where that is vehicle data. @see RFC 9396 §9.2 */
  readonly authorization_details?: readonly VehicleDataDetail[];
};

/**
 * What a token is; `undefined` if it is inactive, unknown, or not for the client that asks. A client may introspect its own
 * tokens. A resource server may introspect the access tokens for its own audience, and no refresh token, which it could
 * take for an access token. Changes nothing. Throws `StoreError` if the store or the key ring cannot answer.
 *
 * @see RFC 7662 §2.2 and §4
 */
export const introspect = async (
  context: AccessContext,
  request: IntrospectionRequest,
): Promise<Introspection | undefined> => {
  const answer = (found: Introspection | undefined): Introspection | undefined =>
    found !== undefined && mayIntrospect(request.client, found, context.issuer) ? found : undefined;
  if (isCompactJwt(request.token)) return answer(await introspectJwt(context, request.token));
  const { keyRing } = context;
  const search = [introspectAccessToken, introspectRefreshToken];
  if (request.hint === 'refresh_token') search.reverse();
  for (const look of search) {
    const found = await look(context, request);
    if (found !== undefined) return answer(found);
  }
  const isOfOurForm = shapesOf(request).length > 0;
  return isOfOurForm && (await hasNewerKey(context, keyRing)) ? introspect(context, request) : undefined;
};

const mayIntrospect = (
  { id, type, policy }: Client,
  { client_id: owner, token_type: tokenType, aud }: Introspection,
  issuer: string | undefined,
): boolean => {
  if (type !== 'resource-server') return id === owner;
  const own = audiencesOf(policy, issuer);
  return tokenType !== undefined && [aud].flat().some((one) => own.includes(one));
};

const introspectJwt = async (context: AccessContext, token: string): Promise<Introspection | undefined> => {
  const jwt = await openJwt(context, token);
  if (jwt === undefined) return undefined;
  if (isClientJwt(jwt)) return introspectClientJwt(context, jwt);
  const access = await readJwtAccess(context, jwt);
  if (access === undefined) return undefined;
  const { client, scope, expiresAt: exp } = access;
  const described = { ...describe(jwt.claims), scope, exp, ...(await readDetails(context, access)) };
  return withAudiences(described, jwt.claims, client, context.issuer);
};

const introspectClientJwt = async (
  context: AccessContext,
  jwt: OpenedAccessJwt,
): Promise<Introspection | undefined> => {
  const access = await judgeClientJwt(context, jwt);
  if (access === undefined) return undefined;
  const { client, scope, expiresAt: exp } = access;
  return withAudiences({ ...describe(jwt.claims), scope, exp }, jwt.claims, client, context.issuer);
};

/** A JWT for the audiences that its client still has; without any, it is inactive. */
const withAudiences = (
  token: Introspection,
  { aud }: AccessClaims,
  { policy }: Client,
  issuer: string | undefined,
): Introspection | undefined => {
  const audiences = remainingAudiences(aud, policy, issuer);
  return audiences.length === 0 ? undefined : { ...token, aud: writeAudience(audiences) };
};

/** The type of an access token, and what it is bound to, if anything. */
const bound = (binding: Binding | undefined): Pick<Introspection, 'token_type' | 'cnf'> => ({
  token_type: binding?.kind === 'jkt' ? 'DPoP' : 'Bearer',
  ...(binding === undefined ? {} : { cnf: writeConfirmation(binding) }),
});

const describe = ({
  scope,
  client_id,
  exp,
  iat,
  sub,
  aud,
  iss,
  jti,
  binding,
}: AccessClaims): Introspection => ({
  scope,
  client_id,
  ...bound(binding),
  exp,
  iat,
  sub,
  aud,
  iss,
  jti,
});

/** The dialects whose tokens have this form. A token of one dialect in the form of another is unknown. */
const shapesOf = ({ token, shapes }: IntrospectionRequest): readonly DialectShapes[] =>
  shapes.filter(({ accessToken, refreshToken }) =>
    [accessToken, refreshToken].some((shape) => isOfShape(shape, token)),
  );

const introspectAccessToken = async (
  context: AccessContext,
  request: IntrospectionRequest,
): Promise<Introspection | undefined> => {
  for (const { dialect, accessToken } of shapesOf(request)) {
    const access = await findOpaqueAccess(context, accessToken, request.token);
    if (access === undefined || access === 'unknown' || access.client.dialect !== dialect) continue;
    return { ...describeAccess(context, access), ...(await readDetails(context, access)) };
  }
  return undefined;
};

/** What a token of a grant for vehicle data is for now: what its owner has left of it. */
const readDetails = async (
  { store }: AccessContext,
  { grant, scope }: Access,
): Promise<Pick<Introspection, 'authorization_details'>> =>
  grant.vehicleData === undefined
    ? {}
    : {
        authorization_details: describeVehicleData(
          grant.vehicleData,
          scope,
          await store.listVehicles(grant.id),
        ),
      };

const describeAccess = (
  { issuer }: AccessContext,
  { grant, client, scope, issuedAt, expiresAt, binding }: Access,
): Introspection => ({
  scope,
  client_id: client.id,
  ...bound(binding),
  exp: expiresAt,
  iat: issuedAt,
  sub: grant.subject,
  aud: writeAudience(audiencesOf(client.policy, issuer)),
  iss: issuer,
});

const introspectRefreshToken = async (
  context: AccessContext,
  request: IntrospectionRequest,
): Promise<Introspection | undefined> => {
  const { store, keyRing, issuer } = context;
  const readings = shapesOf(request).flatMap(({ dialect, refreshToken }) =>
    readingsOfRefreshToken(keyRing, refreshToken, request.token).map((opened) => ({ dialect, opened })),
  );
  for (const { dialect, opened } of readings) {
    const grant = await store.readGrant(opened.grantId);
    if (grant === undefined) continue;
    const { client } = await store.readClient(grant.clientId);
    if (client?.dialect !== dialect || client.disabledAtMs !== undefined) continue;
    const standing = standingOfToken(grant, opened, readNow(context), client.policy);
    if (standing === undefined) continue;
    const { issuedAtMs, expiresAt } = standing;
    const iat = issuedAtMs === undefined ? undefined : toSeconds(issuedAtMs);
    const { scope, subject: sub } = grant;
    const cnf = opened.binding === undefined ? {} : { cnf: writeConfirmation(opened.binding) };
    return { scope, client_id: client.id, exp: expiresAt, iat, sub, iss: issuer, ...cnf };
  }
  return undefined;
};
