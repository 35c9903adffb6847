import type { TokenShapes } from '../../grants/issue.ts';
import { base36Shape, base62Shape } from '../../tokens/base-shapes.ts';
import { uuidPairShape, withTail } from '../../tokens/shape.ts';

/** The characters of the access token on the vendor's page. */
export const ACCESS_TOKEN_LENGTH = 428;
/** Those that say everything; the others make the token as long as the vendor's. */
const SEALED_LENGTH = 36;

/** Tokens and codes as the vendor's pages show them. */
export const pleosShapes: TokenShapes = {
  refreshToken: base36Shape,
  accessToken: withTail(base62Shape, {
    from: SEALED_LENGTH,
    maxCharacters: ACCESS_TOKEN_LENGTH - SEALED_LENGTH,
  }),
  code: uuidPairShape,
};
