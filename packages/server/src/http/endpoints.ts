import type { Exchange, WireRequest, WireResponse } from '../wire/exchange.ts';
import { dialectOfPath, TOKEN_ENDPOINTS } from '../dialects/dialects.ts';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller } from '../log-event.ts';
import { createFailures, stageOf } from './failures.ts';
import { createRouter } from './router.ts';
import type { Match, RouteGroup } from './router.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import type { EndpointContext } from './token-endpoint.ts';

/** The endpoints as functions over plain values: no socket needed to test them or to mount them elsewhere. */
export type Endpoints = {
  /** Answers a request. Never rejects. */
  respond(request: WireRequest, caller: Caller): Promise<WireResponse>;
  /** The answer for a request that could not be read to its end. */
  refuse(path: string, reason: RefusalReason, caller: Caller): WireResponse;
};

const NO_BODY = Buffer.alloc(0);

/** Every endpoint: those for tokens, which every dialect has its own of, and the groups of all others. */
export const createEndpoints = (context: EndpointContext, groups: readonly RouteGroup[] = []): Endpoints => {
  const failures = createFailures(context.emit);
  const answerTokenRequest = createTokenEndpoint(context, failures);
  const findRoute = createRouter(groups);
  const begin = (): Exchange => ({ requestId: context.randomness.uuid(), nowMs: context.clock() });

  /** Answers by one of the groups. */
  const visit = async (match: Match, request: WireRequest, caller: Caller): Promise<WireResponse> => {
    const exchange = begin();
    const { group } = match;
    const about = { dialect: group.name, requestId: exchange.requestId, caller };
    const refuse = (refusal: Refusal): WireResponse =>
      group.renderRefusal(refusal, { request, exchange, caller });
    if (match.route === undefined) {
      failures.reportRefusal('request', 'method_not_allowed', about);
      const response = refuse(new Refusal('method_not_allowed'));
      return { ...response, headers: { ...response.headers, Allow: match.allow } };
    }
    try {
      return await match.route({ request, exchange, caller, parameters: match.parameters });
    } catch (error) {
      if (!(error instanceof Refusal)) return failures.render(error, exchange, refuse);
      failures.reportRefusal(stageOf(error.reason), error.reason, { ...about, clientId: error.clientId });
      return refuse(error);
    }
  };

  return {
    respond(request, caller) {
      const endpoint = TOKEN_ENDPOINTS.get(request.path);
      const match = endpoint === undefined ? findRoute(request.method, request.path) : undefined;
      if (match !== undefined) return visit(match, request, caller);
      const dialect = endpoint?.dialect ?? dialectOfPath(request.path);
      return answerTokenRequest(request, { dialect, endpoint }, caller, begin());
    },
    refuse(path, reason, caller) {
      const group = TOKEN_ENDPOINTS.has(path) ? undefined : findRoute('', path)?.group;
      const dialect = dialectOfPath(path);
      const exchange = begin();
      failures.reportRefusal('request', reason, {
        dialect: group?.name ?? dialect.name,
        requestId: exchange.requestId,
        caller,
      });
      const refusal = new Refusal(reason);
      const request = { method: '', path, query: '', headers: {}, body: NO_BODY };
      return group === undefined
        ? dialect.renderRefusal(refusal, undefined, exchange)
        : group.renderRefusal(refusal, { request, exchange, caller });
    },
  };
};
