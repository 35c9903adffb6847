import type { Client } from '../clients/client.ts';
import { readNow } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { findImportedToken } from '../grants/find-imported-token.ts';
import type { Grant } from '../grants/grant.ts';
import type { TokenShapes } from '../grants/issue.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import { findOpaqueAccess, openJwt } from '../grants/read-access.ts';
import type { AccessContext } from '../grants/read-access.ts';
import { standingOfToken } from '../grants/token-standing.ts';
import type { Caller, Emit } from '../log-event.ts';
import { isCompactJwt } from '../tokens/access-jwt.ts';
import { isOfShape } from '../tokens/binding.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { readingsOfRefreshToken } from '../tokens/refresh-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { revokeGrant } from './revoke-grant.ts';

export type RevocationContext = AccessContext & { readonly emit: Emit };

/** A token that an authenticated client wants revoked. */
export type RevocationRequest = {
  readonly token: string;
  readonly client: Client;
  /** Of the client's dialect. */
  readonly shapes: TokenShapes;
  readonly requestId: string;
  readonly caller: Caller;
};

/**
 * Revokes the grant of a refresh token of any generation, if it is the client's own. One of a compromised or retired key must
 * still work. Another client's is refused, which only
 * `revocation.refused` says: the answer is the same for a token that is dead, unknown or another client's, so that nobody
 * learns from it whether a token exists. Throws a `Refusal` for an active access token: it has no row of its own, and
 * a client that revokes its old access token after a refresh must not lose the owner's consent. Throws `StoreError`.
 *
 * @see RFC 7009 §2.1 and §2.2.1
 */
export const revokeToken = async (context: RevocationContext, request: RevocationRequest): Promise<void> => {
  const { client, shapes, token, requestId } = request;
  const { store, keyRing } = context;
  const readings = readingsOfRefreshToken(keyRing, shapes.refreshToken, token);
  const imported = readings.length > 0 ? undefined : await findImportedToken(context, client, token);
  for (const presented of imported === undefined ? readings : [imported]) {
    const grant = await store.readGrant(presented.grantId);
    if (grant?.clientId === client.id) {
      if (isWorthless(context, grant, presented, client)) continue;
      await revokeGrant(context, grant, { cause: 'client', requestId });
      return;
    }
    if (grant !== undefined) reportRefused(context.emit, request, grant.id);
  }
  if (await isActiveAccessToken(context, request)) throw new Refusal('token_type_unsupported');
  const isUnopened = readings.length === 0 && isOfShape(shapes.refreshToken, token);
  if (isUnopened && (await hasNewerKey(context, keyRing))) await revokeToken(context, request);
};

/**
 * Whether a token proves nothing, because its key may be somebody else's: such a key makes tokens of any generation of any
 * grant whose id is known. One that would still be exchanged is taken for the client's own.
 */
const isWorthless = (
  context: RevocationContext,
  grant: Grant,
  presented: OpenedRefreshToken,
  { policy }: Client,
): boolean =>
  presented.withdrawal !== undefined &&
  standingOfToken(grant, presented, readNow(context), policy) === undefined;

const reportRefused = (
  emit: Emit,
  { client, requestId, caller }: RevocationRequest,
  grantId: GrantId,
): void => {
  const { id: clientId, dialect } = client;
  emit({
    event: 'revocation.refused',
    dialect,
    requestId,
    caller,
    clientId,
    grantId: writeGrantId(grantId),
  });
};

/** Whether it is an active access token of the client, issued for a grant or to the client itself. */
const isActiveAccessToken = async (
  context: RevocationContext,
  { client, shapes, token }: RevocationRequest,
): Promise<boolean> => {
  if (isCompactJwt(token)) return (await openJwt(context, token))?.claims.client_id === client.id;
  const access = await findOpaqueAccess(context, shapes.accessToken, token);
  return access !== undefined && access !== 'unknown' && access.client.id === client.id;
};
