import type { GrantNames } from './grant-names.ts';
import { identifyToken } from './identify-token.ts';
import type { World } from '../worlds/world.ts';

/**
 * What a token is called where it must not be shown: `g1/3` for the refresh token of generation 3, and with the moment of
 * its issue for an access token. `undefined` for a text that is no token of the world.
 */
export const nameOfToken = (
  { server, grants }: { readonly server: World['server']; readonly grants: GrantNames },
  text: string,
): string | undefined => {
  const found = identifyToken(server.deployment.keyRing, grants, text);
  if (found === undefined) return undefined;
  if (found.kind === 'code')
    return grants.has(found.grantId) ? `${grants.nameOf(found.grantId)} code` : 'code';
  const grant = grants.nameOf(found.grantId);
  if (found.kind === 'refresh_token') return `${grant}/${found.opened.generation}`;
  return `${grant} access ${new Date(found.issuedAt * 1000).toISOString().replace('.000Z', 'Z')}`;
};
