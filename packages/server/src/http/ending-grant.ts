import { authenticate } from '../clients/authenticate.ts';
import type { Dialect, TokenEndpoint, TokenRequest } from '../dialects/dialect.ts';
import { Refusal } from '../errors.ts';
import { readOwnAccess } from '../grants/read-access.ts';
import { revokeGrant } from '../operations/revoke-grant.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { Visit } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

/**
 * Ends the grant of an access token at a token endpoint whose wire has no other way to do it. A token that is dead, unknown
 * or another client's is refused alike: nobody learns from it whether a token exists. Rejects with a `Refusal` or `StoreError`.
 */
export const endGrant = async (
  context: EndpointContext,
  { name: dialect, shapes }: Pick<Dialect, 'name' | 'shapes'>,
  {
    parsed: { credentials, parameters },
    ending,
  }: { readonly parsed: TokenRequest; readonly ending: NonNullable<TokenEndpoint['ending']> },
  visit: Visit,
): Promise<WireResponse> => {
  const { exchange, caller } = visit;
  const token = parameters.get(ending.tokenParameter);
  if (token === undefined) throw new Refusal('parameter_missing');
  const { client, keys } = await authenticate(context.authentication, {
    dialect,
    isForEveryDialect: false,
    readings: credentials,
    caller,
    ...exchange,
  });
  visit.client = client;
  // May read the key ring again, so it comes before the ring is used.
  context.noticeKeys(keys);
  const access = await readOwnAccess(context, shapes.accessToken, token);
  if (access?.client.id !== client.id) throw new Refusal('access_token_dead');
  await revokeGrant(context, access.grant, { cause: 'client', requestId: exchange.requestId });
  return ending.renderEnded(exchange);
};
