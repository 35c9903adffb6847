import { Refusal } from '../errors.ts';
import type { Access } from '../grants/judge-access.ts';
import { readAccess } from '../grants/read-access.ts';
import type { AccessContext } from '../grants/read-access.ts';
import { readBearer } from '../wire/headers.ts';
import type { Visit } from '../wire/route.ts';
import type { Dialect } from './dialect.ts';

/**
 * The grant and the client of a request's access token; the visit gets the client. Throws a `Refusal` if the token is missing or dead. A token of another
 * dialect's client is dead here, even if written in this dialect's shape.
 */
export const readBearerAccess = async (
  context: AccessContext,
  { name, shapes }: Pick<Dialect, 'name' | 'shapes'>,
  visit: Visit,
): Promise<Access> => {
  const access = await readAccess(context, shapes.accessToken, readBearer(visit.request));
  if (access === undefined || access.client.dialect !== name) throw new Refusal('access_token_dead');
  visit.client = access.client;
  return access;
};
