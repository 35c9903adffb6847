import type { TokenShapes } from '../../grants/issue.ts';
import { BLOCK_BYTES } from '../../tokens/sealer.ts';
import type { Shape } from '../../tokens/shape.ts';

/** 30 bytes, so that base64url has no bits to spare and each token has one spelling. */
const TOKEN_BYTES = 30;
const BASE64URL = /^[A-Za-z0-9_-]{40}$/;

/** 40 characters of base64url: the block and 14 bytes of its MAC. */
const base64UrlShape: Shape = {
  macBytes: TOKEN_BYTES - BLOCK_BYTES,
  write: (sealed) => sealed.toString('base64url'),
  read: (text) => (BASE64URL.test(text) ? Buffer.from(text, 'base64url') : 'malformed'),
};

/** Opaque tokens and codes. A client may have JWTs as access tokens instead (`accessTokenFormat`). */
export const oauthShapes: TokenShapes = {
  refreshToken: base64UrlShape,
  accessToken: base64UrlShape,
  code: base64UrlShape,
};
