import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import { give } from '../eventual.ts';
import type { Caller } from '../log-event.ts';
import type { WireRequest, WireResponse } from '../wire/exchange.ts';
import { opensPage } from '../wire/headers.ts';
import type { Route, RouteGroup, Visit } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';
import { createCrossOrigin, preflightedMethod } from './cross-origin.ts';
import { createFailures } from './failures.ts';
import { createRouter } from './router.ts';
import type { Match } from './router.ts';
import { createScriptOrigins } from './script-origins.ts';
import { createTokenRoutes } from './token-routes.ts';

/** Who sent a request. `requestId`: a UUID that the host has for it; a new one where it is absent. */
type Sender = { readonly caller: Caller; readonly requestId?: string | undefined };

/** The endpoints as functions over plain values: they need no socket to be tested or mounted elsewhere. */
export type Endpoints = {
  /** Answers a request: calls `done` once, at once or later, and never throws. `done` must not throw either. */
  answer(request: WireRequest, from: Sender, done: (response: WireResponse) => void): void;
  /** The answer for a request that could not be read to its end. A browser that opens an address gets a page. */
  refuse(
    path: string,
    reason: RefusalReason,
    caller: Caller,
    head?: Pick<WireRequest, 'method' | 'headers'>,
  ): WireResponse;
};

/** The endpoints, with what belongs to all of them. */
export type RouteTable = Endpoints & {
  /** `answer` as a promise. Never rejects. */
  respond(request: WireRequest, caller: Caller, requestId?: string): Promise<WireResponse>;
  /** The names of the routes, as in `GET /v2.0/vehicles/{id}`. */
  readonly routes: readonly string[];
  /** The path of the route that a request leads to, as in `/v2.0/vehicles/{id}`; `undefined` for an unknown path. */
  templateOf(method: string, path: string): string | undefined;
};

const NO_BODY = Buffer.alloc(0);
const NO_HEAD: Pick<WireRequest, 'method' | 'headers'> = { method: '', headers: {} };
const NO_PARAMETERS: Visit['parameters'] = {};

/** Every endpoint in one route table: the token endpoints of every dialect, and the routes of `groups`. */
export const createEndpoints = (context: EndpointContext, groups: readonly RouteGroup[] = []): RouteTable => {
  const table = [...groups, ...createTokenRoutes(context)];
  const findRoute = createRouter(table);
  const renderFailure = createFailures(context.emit);
  const { store, authentication } = context;
  const crossOrigin = createCrossOrigin(table, createScriptOrigins(store, authentication.monotonic));
  const begin = (
    request: WireRequest,
    caller: Caller,
    parameters: Visit['parameters'],
    requestId = context.randomness.uuid(),
  ): Visit => ({
    request,
    exchange: { requestId, nowMs: context.clock() },
    caller,
    parameters,
    client: undefined,
  });

  const pages = table.find(({ answerUnknownPage }) => answerUnknownPage !== undefined);
  /** Someone who opens the address of an endpoint in a browser reads a page. */
  const rendererFor = (request: WireRequest, group: RouteGroup): RouteGroup =>
    opensPage(request) ? (pages ?? group) : group;
  const refuseMethod = ({ group, allow }: Match & { route: undefined }, visit: Visit): WireResponse => {
    const renderer = rendererFor(visit.request, group);
    const response = renderFailure(new Refusal('method_not_allowed'), renderer, visit);
    return { ...response, headers: { ...response.headers, Allow: allow } };
  };

  const answerWithoutRoute = async (
    match: Match & { route: undefined },
    visit: Visit,
  ): Promise<WireResponse> => {
    const { request } = visit;
    const method = preflightedMethod(request);
    const wanted = method === undefined ? undefined : findRoute(method, request.path);
    if (method === undefined || wanted?.route === undefined || !crossOrigin.isOpen(wanted.route))
      return refuseMethod(match, visit);
    try {
      return await crossOrigin.answerPreflight(wanted.route, request.headers['origin'] ?? '', method);
    } catch (error) {
      return renderFailure(error, wanted.group, visit);
    }
  };

  const answerByRoute = (
    { route, group }: Match & { route: Route },
    visit: Visit,
    done: (response: WireResponse) => void,
  ): void => {
    const fail = (error: unknown): void => done(renderFailure(error, group, visit));
    const { origin } = visit.request.headers;
    const finish =
      origin === undefined || !crossOrigin.isOpen(route)
        ? done
        : (response: WireResponse) => give(crossOrigin.open(response, route, origin, visit), { done, fail });
    try {
      give(route(visit), { done: finish, fail: (error) => finish(renderFailure(error, group, visit)) });
    } catch (error) {
      finish(renderFailure(error, group, visit));
    }
  };

  const answer: Endpoints['answer'] = (request, { caller, requestId }, done) => {
    const match = findRoute(request.method, request.path);
    const parameters = match.route === undefined ? NO_PARAMETERS : match.parameters;
    const visit = begin(request, caller, parameters, requestId);
    if (match.route !== undefined) return answerByRoute(match, visit, done);
    give(answerWithoutRoute(match, visit), {
      done,
      fail: (error) => done(renderFailure(error, match.group, visit)),
    });
  };

  return {
    routes: table.flatMap(({ routes }) => Object.keys(routes)),
    templateOf: (method, path) => findRoute(method, path).template,
    answer,
    respond: (request, caller, requestId) =>
      new Promise((done) => answer(request, { caller, requestId }, done)),
    refuse(path, reason, caller, head = NO_HEAD) {
      const request = { ...head, path, query: '', body: NO_BODY };
      const { group, route } = findRoute(head.method, path);
      const visit = begin(request, caller, NO_PARAMETERS);
      const response = renderFailure(new Refusal(reason), rendererFor(request, group), visit);
      const { origin } = request.headers;
      return origin === undefined || route === undefined
        ? response
        : crossOrigin.openRefusal(response, route, origin);
    },
  };
};
