import { readNow } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import type { KnownDialects } from './dialect-rules.ts';
import type { OperationContext } from './context.ts';
import { openJwt } from '../grants/read-access.ts';
import type { AccessContext } from '../grants/read-access.ts';
import { standingOfToken } from '../grants/token-standing.ts';
import { isCompactJwt } from '../tokens/access-jwt.ts';
import { readingsOfAccessToken } from '../tokens/access-token.ts';
import { digestImportedToken, IMPORTED_TOKEN_MAX_CHARACTERS } from '../tokens/imported-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { readingsOfRefreshToken } from '../tokens/refresh-token.ts';
import { openTokenId } from '../tokens/token-id.ts';
import { readGrant } from './read-grant.ts';
import type { GrantDetails } from './read-grant.ts';

/** The longest text that is tried as a token. */
export const TOKEN_MAX_CHARACTERS = 4096;

/** What a token that somebody holds says: its grant, and what it is worth. The token itself is nowhere in it. */
export type TokenFound = { readonly details: GrantDetails } & (
  | {
      readonly kind: 'refresh_token';
      readonly generation: number;
      /** Whether its client would get new tokens for it now. */
      readonly wouldWork: boolean;
    }
  | { readonly kind: 'access_token'; readonly issuedAt: Seconds }
);

type OpenContext = AccessContext & Pick<OperationContext, 'store' | 'keyRing' | 'dialects'>;

/**
 * Finds the grant of a token, of any dialect, alive or dead. Opens it in memory and changes nothing. `undefined` for one that no
 * key of the ring made, or whose grant is gone. Throws `StoreError`.
 */
export const openToken = async (context: OpenContext, text: string): Promise<TokenFound | undefined> => {
  if (text.length > TOKEN_MAX_CHARACTERS) return undefined;
  if (isCompactJwt(text)) return openJwtGrant(context, text);
  for (const { shapes } of shapesOf(context.dialects)) {
    for (const opened of readingsOfRefreshToken(context.keyRing, shapes.refreshToken, text)) {
      const found = await withRefresh(context, opened);
      if (found !== undefined) return found;
    }
    for (const { grantId, issuedAt } of readingsOfAccessToken(context.keyRing, shapes.accessToken, text)) {
      const details = await readGrant(context, grantId);
      if (details !== undefined) return { kind: 'access_token', details, issuedAt };
    }
  }
  if (text.length > IMPORTED_TOKEN_MAX_CHARACTERS) return undefined;
  const [imported] = await context.store.findImported([digestImportedToken(text)]);
  return imported === undefined
    ? undefined
    : withRefresh(context, { grantId: imported.id, generation: 0, imported: { withdrawnKey: undefined } });
};

const shapesOf = (dialects: KnownDialects) => dialects.names.flatMap((name) => dialects.find(name) ?? []);

const withRefresh = async (
  context: OpenContext,
  opened: OpenedRefreshToken,
): Promise<TokenFound | undefined> => {
  const details = await readGrant(context, opened.grantId);
  if (details === undefined) return undefined;
  const { grant, client } = details;
  const standing = standingOfToken(grant, opened, readNow(context), client.policy);
  const { generation } = opened;
  return { kind: 'refresh_token', details, generation, wouldWork: standing !== undefined };
};

const openJwtGrant = async (context: OpenContext, text: string): Promise<TokenFound | undefined> => {
  const jwt = await openJwt(context, text);
  const opened = jwt === undefined ? undefined : openTokenId(jwt.key, jwt.claims.jti);
  if (opened?.kind !== 'grant') return undefined;
  const details = await readGrant(context, opened.grantId);
  return details === undefined ? undefined : { kind: 'access_token', details, issuedAt: opened.issuedAt };
};
