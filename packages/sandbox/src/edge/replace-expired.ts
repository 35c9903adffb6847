import { DIALECTS } from '@keyfob/server/dialects';
import { sealAccessToken } from '@keyfob/server/tokens';
import type { WireRequest } from '@keyfob/server/wire';
import { identifyToken } from '../grants/identify-token.ts';
import type { World } from '../worlds/world.ts';

/** A token of the first second of 1970: expired under every policy. */
const LONG_AGO = 0;

const WORD = /[A-Za-z0-9-]{30,}/g;

/**
 * The request with each access token that counts as expired replaced by one of the same grant that is: the server then
 * answers as it does to an expired token. Tokens of other grants, and newer ones, stay as they are.
 */
export const replaceExpired = (world: World, request: WireRequest): WireRequest => {
  if (!world.issuedAccess.hasExpired()) return request;
  const replace = (text: string): string => text.replace(WORD, (word) => expiredFor(world, word) ?? word);
  const { authorization } = request.headers;
  return {
    ...request,
    headers:
      authorization === undefined
        ? request.headers
        : { ...request.headers, authorization: replace(authorization) },
    body: Buffer.from(replace(request.body.toString('latin1')), 'latin1'),
  };
};

const expiredFor = ({ server, grants, issuedAccess }: World, word: string): string | undefined => {
  const { keyRing } = server.deployment;
  const found = identifyToken(keyRing, grants, word);
  if (found?.kind !== 'access_token' || !issuedAccess.isExpired(found.grantId, found.issuedAt))
    return undefined;
  const shape = Object.values(DIALECTS).find(({ name }) => name === found.dialect)?.shapes.accessToken;
  if (shape === undefined) return undefined;
  const { grantId } = found;
  return sealAccessToken(keyRing.seal.active, shape, {
    grantId,
    issuedAt: LONG_AGO,
    serial: 0,
    length: word.length,
  });
};
