import { Refusal } from '../errors.ts';
import type { Access } from '../grants/judge-access.ts';
import { readAccess } from '../grants/read-access.ts';
import type { AccessContext } from '../grants/read-access.ts';
import { proveSender } from '../grants/prove-sender.ts';
import { readSentAccessToken } from '../wire/headers.ts';
import type { Visit } from '../wire/route.ts';
import type { Dialect } from './dialect.ts';
import { sentProofOf } from './sent-proof.ts';

/**
 * The grant and the client of a request's access token; the visit gets the client. Throws a `Refusal` if the token is missing or dead. A token of another
 * dialect's client is dead here, even if written in this dialect's shape. A bound token needs what it is bound to.
 */
export const readBearerAccess = async (
  context: AccessContext,
  { name, shapes }: Pick<Dialect, 'name' | 'shapes'>,
  visit: Visit,
): Promise<Access> => {
  const sent = readSentAccessToken(visit.request);
  const access = await readAccess(context, shapes.accessToken, sent.accessToken);
  if (access === undefined || access.client.dialect !== name) throw new Refusal('access_token_dead');
  const { binding } = access;
  await proveSender(context, { ...sent, binding }, sentProofOf(visit.request, context.issuer));
  visit.client = access.client;
  return access;
};
