import type { TokenShapes } from '../../grants/issue.ts';
import { base36Shape, base62Shape } from '../../tokens/base-shapes.ts';
import { uuidPairShape } from '../../tokens/shape.ts';

/** Tokens and codes as the vendor's pages show them. */
export const pleosShapes: TokenShapes = {
  refreshToken: base36Shape,
  accessToken: base62Shape,
  code: uuidPairShape,
};
