import type { Client } from '../clients/client.ts';
import { requiresPushed } from '../clients/security-profile.ts';
import { readNow } from '../clock.ts';
import type { AuthorizationFault } from '../dialects/authorization.ts';
import { faultOf } from '../dialects/check-authorization-request.ts';
import { isPushedInTime, openPushedRequest } from '../operations/pushed-request.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { readParameters } from '../wire/query.ts';
import type { QueryParameters } from '../wire/query.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';

/** The parameters of a request, from where they are: the query, or what the client pushed. */
export type SentRequest = {
  readonly parameters: QueryParameters;
  /** The grant that consent makes, where the request was pushed: that of another consent is never the same. */
  readonly grantId: GrantId | undefined;
  /** Why the request cannot be used, though its client and redirect URI may be right. */
  readonly fault: AuthorizationFault | undefined;
};

const invalidUri = (reason: 'request_uri_invalid' | 'request_uri_used', how: string): AuthorizationFault => ({
  reason,
  error: 'invalid_request_uri',
  description: `The request_uri ${how}. Push the request again.`,
});

const NOT_PUSHED: AuthorizationFault = {
  reason: 'request_not_pushed',
  error: 'invalid_request',
  description: 'The client must push its requests (RFC 9126): request_uri is missing.',
};

/**
 * The request of a visit. Besides the client, nothing in the query counts where it names a pushed request. Opening a page
 * uses nothing up, because programs look at links before owners do; only consent does. Throws a `Refusal` for a
 * `request_uri` that is not this server's, or another client's.
 *
 * @see RFC 9126 §4, FAPI 2.0 Security Profile §5.3.2.2 Note 3
 */
export const readSentRequest = async (
  context: ConnectContext,
  client: Client,
  query: QueryParameters,
  { request: { method } }: Pick<Visit, 'request'>,
): Promise<SentRequest> => {
  const requestUri = query.get('request_uri');
  if (requestUri === undefined) {
    const isRequired = context.requirePushedRequests || requiresPushed(client.policy);
    const fault = isRequired ? NOT_PUSHED : undefined;
    return { parameters: query, grantId: undefined, fault };
  }
  const now = readNow(context);
  const isOnce = !query.repeated.has('request_uri');
  const pushed = isOnce ? await openPushedRequest(context.keyRing, requestUri, now) : undefined;
  if (pushed?.clientId !== client.id)
    throw faultOf('request_uri_invalid', 'request_uri', 'is not that of a request that this client pushed');
  const { grantId } = pushed;
  const sent = { parameters: readParameters(pushed.parameters), grantId };
  const isForm = method === 'POST';
  if (!isPushedInTime(pushed, now, { isForm }))
    return { ...sent, fault: invalidUri('request_uri_invalid', 'has expired') };
  // A form is judged where the consent is stored.
  const isUsed = !isForm && (await context.store.readCode(grantId)) !== undefined;
  return { ...sent, fault: isUsed ? invalidUri('request_uri_used', 'was used before') : undefined };
};
