import { authenticate } from '../clients/authenticate.ts';
import type { Authentication } from '../clients/authenticate.ts';
import type { Client } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Exchange, WireRequest, WireResponse } from '../wire/exchange.ts';
import type { TokenEndpoint } from '../dialects/dialects.ts';
import { Refusal } from '../errors.ts';
import type { Caller, Emit } from '../log-event.ts';
import type { Randomness } from '../randomness.ts';
import type { Minting } from '../grants/issue.ts';
import { redeem } from '../grant-types/authorization-code.ts';
import { refresh } from '../grant-types/refresh-token.ts';
import type { RefreshContext } from '../grant-types/refresh-token.ts';
import type { ClientReading } from '../clients/client-store.ts';
import type { Store } from '../grants/store.ts';
import { createUndecidedUses } from '../grants/undecided-uses.ts';
import type { Failures, Stage } from './failures.ts';

/** What the endpoints work with. */
export type EndpointContext = Minting & {
  readonly store: Store;
  readonly authentication: Authentication<ClientReading>;
  /** Told the newest key that the store knows of; answers whether the ring, read again if need be, lacks it. */
  readonly noticeKey: (newestKeyNumber: number) => boolean;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly emit: Emit;
};

/** Answers a request for tokens, in the dialect of its path; `endpoint` is `undefined` where the path has none. */
export type AnswerTokenRequest = (
  request: WireRequest,
  at: { readonly dialect: Dialect; readonly endpoint: TokenEndpoint | undefined },
  caller: Caller,
  exchange: Exchange,
) => Promise<WireResponse>;

export const createTokenEndpoint = (context: EndpointContext, failures: Failures): AnswerTokenRequest => {
  const { store, clock, emit } = context;
  const refreshContext: RefreshContext = {
    store,
    // The ring may be read again at any time.
    get keyRing() {
      return context.keyRing;
    },
    noticeKey: context.noticeKey,
    nextSerial: context.nextSerial,
    get issuer() {
      return context.issuer;
    },
    undecided: createUndecidedUses(),
    undecidedCodes: createUndecidedUses(),
    clock,
    emit,
  };

  return async (request, { dialect, endpoint }, caller, exchange) => {
    const { requestId, nowMs } = exchange;
    const { name } = dialect;
    let stage: Stage = 'request';
    let client: Client | undefined;
    try {
      const { credentials, brand, idempotencyKey, grant } = parseFor(endpoint, request);
      stage = 'client';
      const who = { dialect: name, readings: credentials, caller, requestId, nowMs };
      const reading = await authenticate(context.authentication, who);
      client = reading.client;
      // Before the ring is looked at: it may be read again.
      context.noticeKey(reading.newestKeyNumber);
      stage = 'request';
      if (client.policy.requireUserAgent && caller.userAgent === '') throw new Refusal('user_agent_missing');
      if (client.type === 'resource-server') throw new Refusal('client_not_permitted');
      stage = 'grant';
      const { shapes } = dialect;
      const asked = {
        dialect: name,
        requestId,
        caller,
        client,
        shapes,
        brand,
        idempotencyKey,
      };
      const answer =
        grant.type === 'refresh_token'
          ? await refresh(refreshContext, { ...asked, refreshToken: grant.refreshToken })
          : await redeem(refreshContext, { ...asked, ...grant });
      return dialect.renderAnswer(answer, client.policy, exchange);
    } catch (error) {
      if (error instanceof Refusal) {
        const clientId = client?.id ?? error.clientId;
        failures.reportRefusal(stage, error.reason, { dialect: name, requestId, caller, clientId });
        return dialect.renderRefusal(error, client?.policy, exchange);
      }
      return failures.render(error, exchange, (refusal) =>
        dialect.renderRefusal(refusal, undefined, exchange),
      );
    }
  };
};

const parseFor = (endpoint: TokenEndpoint | undefined, request: WireRequest) => {
  if (endpoint === undefined) throw new Refusal('path_unknown');
  if (request.method !== 'POST') throw new Refusal('method_not_allowed');
  return endpoint.parse(request);
};
