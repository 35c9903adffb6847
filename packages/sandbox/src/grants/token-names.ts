import { identifyToken } from './identify-token.ts';
import type { IdentifiedToken, TokenContext } from './identify-token.ts';
import type { GrantNames } from './grant-names.ts';

/**
 * What a token is called where it must not be shown: `g1/3` for the refresh token of generation 3, and with the moment of
 * its issue for an access token. `unknown` for a text that is no token of the world.
 */
export const nameOfToken = async (
  context: TokenContext & { readonly grants: GrantNames },
  text: string,
): Promise<string> => nameOfIdentified(context.grants, await identifyToken(context, text));

export const nameOfIdentified = (grants: GrantNames, found: IdentifiedToken | undefined): string => {
  if (found === undefined) return 'unknown';
  if (found.kind === 'code')
    return grants.has(found.grantId) ? `${grants.nameOf(found.grantId)} code` : 'code';
  const grant = grants.nameOf(found.grantId);
  if (found.kind === 'refresh_token') return `${grant}/${found.opened.generation}`;
  return `${grant} access ${new Date(found.issuedAt * 1000).toISOString().replace('.000Z', 'Z')}`;
};
