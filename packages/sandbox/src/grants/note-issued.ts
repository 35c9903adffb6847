import type { World } from '../worlds/world.ts';
import { identifyToken } from './identify-token.ts';

/** Notes when an access token ends, because the server does not store it. */
export const noteIssued = async (world: World, accessToken: string): Promise<void> => {
  const { tokens, store, issuedAccess } = world;
  const found = await identifyToken(tokens, accessToken);
  if (found?.kind !== 'access_token') return;
  const { grantId, issuedAt } = found;
  const grant = await store.current().readGrant(grantId);
  if (grant === undefined) return;
  const { client } = await store.current().readClient(grant.clientId);
  if (client === undefined) return;
  issuedAccess.note({ grantId, issuedAt, expiresAt: issuedAt + client.policy.accessTokenLifetimeSeconds });
};
