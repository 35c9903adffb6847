import { authenticate } from '../clients/authenticate.ts';
import type { Dialect, ParseTokenRequest } from '../dialects/dialect.ts';
import { Refusal } from '../errors.ts';
import { redeem } from '../grant-types/authorization-code.ts';
import { refresh } from '../grant-types/refresh-token.ts';
import type { RefreshContext } from '../grant-types/refresh-token.ts';
import type { Route } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

/** Issues tokens, in a dialect. */
export const createTokenRoute =
  (
    { authentication, noticeKey }: EndpointContext,
    refreshContext: RefreshContext,
    { name, shapes, renderAnswer }: Dialect,
    parse: ParseTokenRequest,
  ): Route =>
  async (visit) => {
    const { request, exchange, caller } = visit;
    const { requestId, nowMs } = exchange;
    const { credentials, brand, idempotencyKey, grant } = parse(request);
    const reading = await authenticate(authentication, {
      dialect: name,
      readings: credentials,
      caller,
      requestId,
      nowMs,
    });
    const { client } = reading;
    visit.client = client;
    // May read the key ring again, so it comes before the ring is used.
    noticeKey(reading.newestKeyNumber);
    if (client.policy.requireUserAgent && caller.userAgent === '') throw new Refusal('user_agent_missing');
    if (client.type === 'resource-server') throw new Refusal('client_not_permitted');
    const asked = { dialect: name, requestId, caller, client, shapes, brand, idempotencyKey };
    const answer =
      grant.type === 'refresh_token'
        ? await refresh(refreshContext, { ...asked, refreshToken: grant.refreshToken })
        : await redeem(refreshContext, { ...asked, ...grant });
    return renderAnswer(answer, client.policy, exchange);
  };
