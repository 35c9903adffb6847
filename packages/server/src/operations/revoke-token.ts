import type { Client } from '../clients/client.ts';
import { toSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import { isCompactJwt } from '../tokens/access-jwt.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { openRefreshToken } from '../tokens/refresh-token.ts';
import { findOpaqueAccess, openJwt } from './read-access.ts';
import type { AccessContext } from './read-access.ts';
import { findImportedToken } from '../grants/find-imported-token.ts';
import type { TokenShapes } from '../grants/issue.ts';
import { hasNewerKey } from '../grants/newer-key.ts';

/** What a revocation works with. */
export type RevocationContext = AccessContext & { readonly emit: Emit };

/** A revocation asked for by an authenticated client. */
export type RevocationRequest = {
  readonly token: string;
  readonly client: Client;
  /** Of the client's dialect. */
  readonly shapes: TokenShapes;
  readonly requestId: string;
};

/**
 * Ends the grant of a refresh token, of whichever generation, that is the client's own. Answers alike for a token that
 * is dead, unknown or another client's. Throws a `Refusal` for a living access token: it has no row of its own, and
 * ending its grant for a client that tidies up after a refresh would lose an owner's consent. Throws `StoreError`
 * where the store could not do it.
 *
 * @see RFC 7009 §2.1 and §2.2.1
 */
export const revokeToken = async (context: RevocationContext, request: RevocationRequest): Promise<void> => {
  const { client, shapes, token } = request;
  const { keyRing } = context;
  const opened = openRefreshToken(keyRing, shapes.refreshToken, token);
  const presented =
    typeof opened === 'object' ? opened : await findImportedToken(context.store, client, token);
  if (presented !== undefined) {
    const grant = await context.store.readGrant(presented.grantId);
    if (grant?.clientId === client.id) return revokeGrant(context, grant.id, request);
  }
  if (await isLivingAccessToken(context, request)) throw new Refusal('token_type_unsupported');
  if (opened === undefined && (await hasNewerKey(context, keyRing))) await revokeToken(context, request);
};

const revokeGrant = async (
  { store, clock, emit }: RevocationContext,
  id: GrantId,
  { client, requestId }: RevocationRequest,
): Promise<void> => {
  const outcome = await store.revoke(id, { nowMs: clock(), cause: 'client', requestId });
  if (outcome === 'revoked')
    emit({
      event: 'grant.revoked',
      requestId,
      grantId: writeGrantId(id),
      clientId: client.id,
      cause: 'client',
    });
};

/** Whether it is an access token of the client, of a grant or the client's own, that still works. */
const isLivingAccessToken = async (
  context: RevocationContext,
  { client, shapes, token }: RevocationRequest,
): Promise<boolean> => {
  if (isCompactJwt(token)) return (await openJwt(context, token))?.claims.client_id === client.id;
  const access = await findOpaqueAccess(context, shapes.accessToken, token);
  return access !== undefined && access !== 'unknown' && access.client.id === client.id;
};
