import type { TokenShapes } from '../../grants/issue.ts';
import { base64UrlShape } from '../../tokens/base-shapes.ts';

/** Opaque tokens and codes. A client may have JWTs as access tokens instead (`accessTokenFormat`). */
export const oauthShapes: TokenShapes = {
  refreshToken: base64UrlShape,
  accessToken: base64UrlShape,
  code: base64UrlShape,
};
