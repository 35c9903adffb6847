import { DIALECTS } from '@keyfob/server/dialects';
import type { Seconds } from '@keyfob/server/grants';
import { readingsOfAccessToken, readingsOfCode, readingsOfRefreshToken } from '@keyfob/server/tokens';
import type { GrantId, KeyRing, OpenedRefreshToken } from '@keyfob/server/tokens';
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
      readonly dialect: string;
    }
  | { readonly kind: 'code'; readonly grantId: GrantId; readonly dialect: string };

/** Finds out what a text is. Several dialects write tokens alike, so the grants that exist decide. */
export const identifyToken = (
  keyRing: KeyRing,
  grants: Pick<GrantNames, 'has'>,
  text: string,
): IdentifiedToken | undefined => {
  if (text.length < TOKEN_MIN_CHARACTERS) return undefined;
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

const TOKEN_MIN_CHARACTERS = 30;
