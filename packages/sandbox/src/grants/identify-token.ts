import { DIALECTS } from '@keyfob/server/dialects';
import type { Seconds } from '@keyfob/server/grants';
import {
  isCompactJwt,
  openAccessJwt,
  openTokenId,
  readingsOfAccessToken,
  readingsOfCode,
  readingsOfRefreshToken,
} from '@keyfob/server/tokens';
import type { GrantId, KeyRing, OpenedAccessJwt, OpenedRefreshToken } from '@keyfob/server/tokens';
import type { GrantNames } from './grant-names.ts';

/** What a token of a world is. It says nothing of whether it works. */
export type IdentifiedToken =
  | {
      readonly kind: 'refresh_token';
      readonly grantId: GrantId;
      readonly opened: OpenedRefreshToken;
      readonly dialect: string;
    }
  | {
      readonly kind: 'access_token';
      readonly grantId: GrantId;
      readonly issuedAt: Seconds;
      /** Of a JWT: what it says. An opaque token is read in the form of its dialect. */
      readonly jwt?: OpenedAccessJwt;
      readonly dialect?: string;
    }
  | { readonly kind: 'code'; readonly grantId: GrantId; readonly dialect: string };

/** What tokens are identified with: the keys and the issuer of a world, and the grants that there are. */
export type TokenContext = {
  readonly keyRing: KeyRing;
  readonly issuer: string;
  readonly grants: Pick<GrantNames, 'has'>;
};

const TOKEN_MIN_CHARACTERS = 30;
/** JWTs are identified also when they have expired. */
const BEFORE_ALL: Seconds = 0;

/** Finds out what a text is. Several dialects write tokens alike, so the grants that exist decide. */
export const identifyToken = async (
  context: TokenContext,
  text: string,
): Promise<IdentifiedToken | undefined> => {
  if (text.length < TOKEN_MIN_CHARACTERS) return undefined;
  return isCompactJwt(text) ? identifyJwt(context, text) : identifyOpaque(context, text);
};

const identifyJwt = async (
  { keyRing, issuer, grants }: TokenContext,
  text: string,
): Promise<IdentifiedToken | undefined> => {
  const jwt = await openAccessJwt(keyRing, issuer, text, BEFORE_ALL);
  if (jwt === undefined || jwt === 'key_unknown') return undefined;
  const id = openTokenId(jwt.key, jwt.claims.jti);
  if (id?.kind !== 'grant' || !grants.has(id.grantId)) return undefined;
  return { kind: 'access_token', grantId: id.grantId, issuedAt: id.issuedAt, jwt };
};

const identifyOpaque = ({ keyRing, grants }: TokenContext, text: string): IdentifiedToken | undefined => {
  for (const { name: dialect, shapes } of Object.values(DIALECTS)) {
    for (const opened of readingsOfRefreshToken(keyRing, shapes.refreshToken, text))
      if (grants.has(opened.grantId))
        return { kind: 'refresh_token', grantId: opened.grantId, opened, dialect };
    for (const { grantId, issuedAt } of readingsOfAccessToken(keyRing, shapes.accessToken, text))
      if (grants.has(grantId)) return { kind: 'access_token', grantId, issuedAt, dialect };
    const codes = readingsOfCode(keyRing, shapes.code, text);
    // The grant of a code is made when it is redeemed.
    if (codes !== 'malformed' && codes[0] !== undefined)
      return { kind: 'code', grantId: codes[0].grantId, dialect };
  }
  return undefined;
};
