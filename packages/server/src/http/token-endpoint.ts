import { authenticate } from '../clients/authenticate.ts';
import type { Client } from '../clients/client.ts';
import { senderConstraintOf } from '../clients/sender-constraint.ts';
import type { ClientReading } from '../clients/client-store.ts';
import type { Dialect, TokenEndpoint, TokenRequest } from '../dialects/dialect.ts';
import { dialectOf } from '../dialects/dialects.ts';
import { sentProofOf } from '../dialects/sent-proof.ts';
import { Refusal } from '../errors.ts';
import { give, later } from '../eventual.ts';
import type { Waiter } from '../eventual.ts';
import { readParameters } from '../grant-types/grant-type.ts';
import type { GrantTypeContext, TokenResponse } from '../grant-types/grant-type.ts';
import { findGrantType, grantTypesOf } from '../grant-types/grant-types.ts';
import { nonceHeader, proveRequester, refuseOldNonce } from '../grants/prove-sender.ts';
import type { Caller } from '../log-event.ts';
import type { Binding } from '../tokens/binding.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { Route, Visit } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';
import { endGrant } from './ending-grant.ts';

/**
 * Issues tokens. At a dialect's own endpoint, the request itself is checked before the client, because that costs no
 * look-up and because some dialects report all missing fields at once, the client's among them. A shared endpoint
 * authenticates first.
 *
 * @see RFC 6749 §3.2 and §5
 */
export const createTokenRoute = (
  context: EndpointContext,
  grantTypeContext: GrantTypeContext,
  dialect: Dialect,
  endpoint: TokenEndpoint,
): Route => {
  const { authentication, noticeKeys } = context;
  const { name: dialectName, renderAnswer } = dialect;
  const { isShared = false, ending, omitsKeptRefreshToken } = endpoint;
  const grantTypes = grantTypesOf(endpoint);
  const read = (parsed: TokenRequest) => {
    const grantType = findGrantType(grantTypes, parsed.grantType);
    const parameters = readParameters(grantType, parsed.parameters, dialect.shapes, endpoint.omittable);
    return { grantType, parameters };
  };

  const answer = (visit: Visit, waiter: Waiter<WireResponse>): void => {
    const { exchange, caller } = visit;
    const { requestId, nowMs } = exchange;
    const parsed = endpoint.parse(visit.request);
    const isForEveryDialect = isShared || endpoint.servesEveryDialect?.(parsed.grantType ?? '') === true;
    if (ending !== undefined && parsed.grantType === ending.grantType)
      return give(endGrant(context, dialect, { parsed, ending }, visit), waiter);
    const readFirst = isShared ? undefined : read(parsed);
    const sent = sentProofOf(visit.request, context.issuer);
    const notice = ({ client, keys }: Known): void => {
      visit.client = client;
      // May read the key ring again, so it comes before the ring is used.
      noticeKeys(keys);
    };
    const beforeUse = (known: Known): void => {
      notice(known);
      if (endpoint.bindsTokens === true) refuseOldNonce(context, known.client, sent);
    };
    const issue = (known: Known): void => {
      const { client } = known;
      notice(known);
      const { grantType, parameters } = readFirst ?? read(parsed);
      checkClient(client, caller, endpoint);
      const issueBound = (binding: Binding | undefined): void => {
        const tokens = grantType.handle(grantTypeContext, {
          dialect: dialectName,
          requestId,
          caller,
          client,
          shapes: isForEveryDialect ? dialectOf(client).shapes : dialect.shapes,
          parameters,
          brand: parsed.brand,
          binding,
          idempotencyKey: parsed.idempotencyKey,
        });
        give(tokens, {
          done(response) {
            const isKept =
              omitsKeptRefreshToken === true && response.refreshToken === parameters['refresh_token'];
            const answered = isKept ? withoutRefreshToken(response) : response;
            waiter.done(render(answered, client, binding));
          },
          fail: waiter.fail,
        });
      };
      const binding = endpoint.bindsTokens === true ? proveRequester(context, client, sent) : undefined;
      if (binding instanceof Promise) give(binding, { done: issueBound, fail: waiter.fail });
      else issueBound(binding);
    };
    const render = (
      tokens: TokenResponse,
      { policy }: Client,
      binding: Binding | undefined,
    ): WireResponse => {
      if (binding?.kind !== 'jkt') return renderAnswer(tokens, policy, exchange);
      const response = renderAnswer({ ...tokens, tokenType: 'DPoP' }, policy, exchange);
      return { ...response, headers: { ...response.headers, ...nonceHeader(context, nowMs) } };
    };
    const authenticated = authenticate(authentication, {
      dialect: dialectName,
      isForEveryDialect,
      readings: parsed.credentials,
      caller,
      requestId,
      nowMs,
      beforeUse,
    });
    give(authenticated, { done: issue, fail: waiter.fail });
  };
  return (visit) => later((done, fail) => answer(visit, { done, fail }));
};

type Known = ClientReading & { readonly client: Client };

const withoutRefreshToken = ({
  refreshToken: _refreshToken,
  refreshExpiresInSeconds: _seconds,
  ...response
}: TokenResponse): TokenResponse => response;

/** Whether the client may get tokens at all; what else a grant type asks for, it checks itself. */
const checkClient = (
  { type, policy }: Client,
  { userAgent }: Caller,
  { isShared, bindsTokens }: TokenEndpoint,
): void => {
  if (isShared !== true && policy.requireUserAgent && userAgent === '')
    throw new Refusal('user_agent_missing');
  if (type === 'resource-server') throw new Refusal('client_not_permitted');
  // Its tokens would be worth nothing.
  if (bindsTokens !== true && senderConstraintOf(policy) !== 'none')
    throw new Refusal('client_not_permitted');
};
