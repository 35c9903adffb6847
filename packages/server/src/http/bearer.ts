import type { WireRequest } from '../wire/exchange.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { readBearer } from '../wire/headers.ts';
import { Refusal } from '../errors.ts';
import { readAccess } from '../operations/read-access.ts';
import type { Access, AccessContext } from '../operations/read-access.ts';

/**
 * What the access token of a request stands for. Throws a `Refusal` where there is none or it is dead. One of a client
 * of another dialect is dead here, however it is written: the same sealed block has a form on every wire.
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
