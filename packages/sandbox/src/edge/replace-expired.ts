import { findDialect } from '@keyfob/server/dialects';
import { sealAccessToken, signAccessJwt } from '@keyfob/server/tokens';
import type { WireRequest } from '@keyfob/server/wire';
import { identifyToken } from '../grants/identify-token.ts';
import type { World } from '../worlds/world.ts';

/** The first second of 1970: what was issued then has expired under every policy. */
const LONG_AGO = 0;

/** An opaque token or a JWT. */
const WORD = /[A-Za-z0-9_.-]{30,}/g;

/**
 * The request with each access token that counts as expired replaced by one of the same grant that is: the server then
 * answers as it does to an expired token. Tokens of other grants, and newer ones, stay as they are.
 */
export const replaceExpired = async (world: World, request: WireRequest): Promise<WireRequest> => {
  if (!world.issuedAccess.hasExpired()) return request;
  const replace = async (text: string): Promise<string> => {
    let replaced = text;
    for (const [word] of text.matchAll(WORD)) {
      const expired = await expiredFor(world, word);
      if (expired !== undefined) replaced = replaced.replace(word, () => expired);
    }
    return replaced;
  };
  const { authorization } = request.headers;
  return {
    ...request,
    headers:
      authorization === undefined
        ? request.headers
        : { ...request.headers, authorization: await replace(authorization) },
    body: Buffer.from(await replace(request.body.toString('latin1')), 'latin1'),
  };
};

const expiredFor = async ({ tokens, issuedAccess }: World, word: string): Promise<string | undefined> => {
  const found = await identifyToken(tokens, word);
  if (found?.kind !== 'access_token' || !issuedAccess.isExpired(found.grantId, found.issuedAt))
    return undefined;
  const { grantId, jwt, dialect = '' } = found;
  if (jwt !== undefined) return signAccessJwt(jwt.key, { ...jwt.claims, iat: LONG_AGO, exp: LONG_AGO + 1 });
  const shape = findDialect(dialect)?.shapes.accessToken;
  if (shape === undefined) return undefined;
  const expired = { grantId, issuedAt: LONG_AGO, serial: 0, length: word.length };
  return sealAccessToken(tokens.keyRing.seal.active, shape, expired);
};
