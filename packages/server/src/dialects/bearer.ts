import { Refusal } from '../errors.ts';
import type { Access } from '../grants/judge-access.ts';
import { readAccess } from '../grants/read-access.ts';
import type { AccessContext } from '../grants/read-access.ts';
import type { WireRequest } from '../wire/exchange.ts';
import { readBearer } from '../wire/headers.ts';
import type { Dialect } from './dialect.ts';

/**
 * The grant and the client of a request's access token. Throws a `Refusal` if the token is missing or dead. A token of another
 * dialect's client is dead here, even if written in this dialect's shape.
 */
export const readBearerAccess = async (
  context: AccessContext,
  { name, shapes }: Pick<Dialect, 'name' | 'shapes'>,
  request: WireRequest,
): Promise<Access> => {
  const access = await readAccess(context, shapes.accessToken, readBearer(request));
  if (access === undefined || access.client.dialect !== name) throw new Refusal('access_token_dead');
  return access;
};
