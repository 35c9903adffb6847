import { randomUUID } from 'node:crypto';
import { authenticate } from '../clients/authenticate.ts';
import type { Client } from '../clients/client.ts';
import { toSeconds } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Dialect, Exchange, WireRequest, WireResponse } from '../dialects/dialect.ts';
import { dialectOf, TOKEN_ENDPOINTS } from '../dialects/dialects.ts';
import type { TokenEndpoint } from '../dialects/dialects.ts';
import { Refusal, StoreError } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller, Emit } from '../events.ts';
import { redeemCode } from '../grants/authorization-code.ts';
import type { Minting } from '../grants/issue.ts';
import { refresh } from '../grants/refresh.ts';
import type { RefreshContext } from '../grants/refresh.ts';
import type { Store } from '../grants/store.ts';
import { createUndecidedUses } from '../grants/undecided-uses.ts';

/** What the endpoints work with. */
export type EndpointContext = Minting & {
  readonly store: Store;
  /** Told the newest key that the store knows of; answers whether the ring, read again if need be, lacks it. */
  readonly noticeKey: (newestKeyNumber: number) => boolean;
  readonly clock: Clock;
  readonly emit: Emit;
};

/** The endpoints as functions over plain values: no socket needed to test them or to mount them elsewhere. */
export type Endpoints = {
  /** Answers a request. Never rejects. */
  respond(request: WireRequest, caller: Caller): Promise<WireResponse>;
  /** The answer for a request that could not be read to its end. */
  refuse(path: string, reason: RefusalReason, caller: Caller): WireResponse;
};

/** Which check a request is at; the one that refuses it tells what event it is. */
type Stage = 'request' | 'client' | 'grant';

export const createEndpoints = (context: EndpointContext): Endpoints => {
  const { store, clock, emit } = context;
  const refreshContext: RefreshContext = {
    store,
    // The ring may be read again at any time.
    get keyRing() {
      return context.keyRing;
    },
    nextSerial: context.nextSerial,
    undecided: createUndecidedUses(),
    clock,
    emit,
  };
  const readClient: Store['readClient'] = (clientId) => store.readClient(clientId);
  const begin = (): Exchange => ({ requestId: randomUUID(), nowMs: clock() });

  const respond: Endpoints['respond'] = async (request, caller) => {
    const endpoint = TOKEN_ENDPOINTS.get(request.path);
    const dialect = endpoint?.dialect ?? dialectOf(request.path);
    const exchange = begin();
    const { requestId, nowMs } = exchange;
    let stage: Stage = 'request';
    let client: Client | undefined;
    try {
      const tokenRequest = parseFor(endpoint, request);
      stage = 'client';
      const reading = await authenticate(
        readClient,
        dialect.name,
        tokenRequest.credentials,
        toSeconds(nowMs),
      );
      client = reading.client;
      // Before the ring is looked at: it may be read again.
      const isKeyMissing = context.noticeKey(reading.newestKeyNumber);
      stage = 'request';
      if (client.policy.requireUserAgent && caller.userAgent === '') throw new Refusal('user_agent_missing');
      if (tokenRequest.grant.type === 'authorization_code') return redeemCode();
      stage = 'grant';
      const { refreshToken } = tokenRequest.grant;
      const { brand, idempotencyKey } = tokenRequest;
      const { name, shapes } = dialect;
      const answer = await refresh(refreshContext, {
        dialect: name,
        requestId,
        caller,
        client,
        shapes,
        refreshToken,
        brand,
        idempotencyKey,
        isKeyMissing,
      });
      return dialect.renderAnswer(answer, client.policy, exchange);
    } catch (error) {
      if (error instanceof Refusal) {
        tellRefusal(stage, error.reason, dialect, requestId, caller);
        return dialect.renderRefusal(error, client?.policy, exchange);
      }
      return renderFailure(error, dialect, exchange);
    }
  };

  const tellRefusal = (
    stage: Stage,
    reason: RefusalReason,
    { name: dialect }: Dialect,
    requestId: string,
    caller: Caller,
  ): void => {
    if (stage === 'client') emit({ event: 'client.refused', dialect, requestId, caller, reason });
    // The grant's own refusals have been told with what was found out about it.
    if (stage === 'request') emit({ event: 'request.refused', dialect, requestId, caller, reason });
  };

  const renderFailure = (error: unknown, dialect: Dialect, exchange: Exchange): WireResponse => {
    const { requestId } = exchange;
    if (error instanceof StoreError) {
      emit({ event: 'store.unavailable', requestId, kind: error.kind, cause: error.message });
      return dialect.renderRefusal(new Refusal('store_unavailable'), undefined, exchange);
    }
    emit({
      event: 'internal.failed',
      requestId,
      cause: error instanceof Error ? (error.stack ?? error.message) : '',
    });
    return { status: 500, headers: { 'Cache-Control': 'no-store' }, body: '' };
  };

  return {
    respond,
    refuse(path, reason, caller) {
      const dialect = dialectOf(path);
      const exchange = begin();
      tellRefusal('request', reason, dialect, exchange.requestId, caller);
      return dialect.renderRefusal(new Refusal(reason), undefined, exchange);
    },
  };
};

const parseFor = (endpoint: TokenEndpoint | undefined, request: WireRequest) => {
  if (endpoint === undefined) throw new Refusal('path_unknown');
  if (request.method !== 'POST') throw new Refusal('method_not_allowed');
  return endpoint.parse(request);
};
