import type { Client } from '../clients/client.ts';
import { senderConstraintOf } from '../clients/sender-constraint.ts';
import { endingOf, readNow } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import { isCompactJwt } from '../tokens/access-jwt.ts';
import type { OpenedAccessJwt } from '../tokens/access-jwt.ts';
import type { Binding } from '../tokens/binding.ts';
import { openTokenId } from '../tokens/token-id.ts';
import { intersect } from './access-scope.ts';
import { remainingAudiences } from './audience.ts';
import { openJwt } from './read-access.ts';
import type { AccessContext } from './read-access.ts';

/** What an access token of a client itself, without an owner, gives access to. */
export type ClientAccess = {
  readonly client: Client;
  /** What the client is no longer allowed is not in it. */
  readonly scope: string;
  readonly expiresAt: Seconds;
  /** What its sender must show besides the token. Absent for nothing. */
  readonly binding?: Binding | undefined;
};

/** Whether an opened JWT is of a client itself. */
export const isClientJwt = ({ key, claims }: OpenedAccessJwt): boolean =>
  openTokenId(key, claims.jti)?.kind === 'client';

/**
 * What the JWT of a client itself gives access to. It has no grant: it is active until it expires, while its client may get such
 * tokens. Its lifetime is at most what the policy allows, whatever its `exp` says. `undefined` for an inactive one. Throws
 * `StoreError`.
 */
export const judgeClientJwt = async (
  context: AccessContext,
  { claims }: OpenedAccessJwt,
): Promise<ClientAccess | undefined> => {
  const { client } = await context.store.readClient(claims.client_id);
  if (client === undefined || client.disabledAtMs !== undefined || !client.policy.clientCredentials)
    return undefined;
  const { binding } = claims;
  if (binding === undefined && senderConstraintOf(client.policy) !== 'none') return undefined;
  const { accessTokenLifetimeSeconds, clientCredentialsScope = '' } = client.policy;
  if (endingOf(claims.iat, accessTokenLifetimeSeconds, readNow(context)) !== 'running') return undefined;
  return {
    client,
    scope: intersect(claims.scope, clientCredentialsScope),
    expiresAt: Math.min(claims.exp, claims.iat + accessTokenLifetimeSeconds),
    binding,
  };
};

/**
 * What an access token gives its client access to at this server. `undefined` for an inactive one, for one that is for other
 * servers only, and for one of a grant. Throws `StoreError`.
 */
export const readClientAccess = async (
  context: AccessContext,
  text: string,
): Promise<ClientAccess | undefined> => {
  const jwt = isCompactJwt(text) ? await openJwt(context, text) : undefined;
  if (jwt === undefined || !isClientJwt(jwt)) return undefined;
  const { issuer } = context;
  const access = await judgeClientJwt(context, jwt);
  if (access === undefined || issuer === undefined) return undefined;
  return remainingAudiences(jwt.claims.aud, access.client.policy, issuer).includes(issuer)
    ? access
    : undefined;
};
