import { hasScriptsAt } from '../clients/script-origin.ts';
import { Refusal, StoreError } from '../errors.ts';
import type { WireRequest, WireResponse } from '../wire/exchange.ts';
import type { Route, RouteGroup, Visit } from '../wire/route.ts';
import type { ScriptOrigins } from './script-origins.ts';

/** Which scripts in browsers may read the answers of routes (CORS). */
export type CrossOrigin = {
  /** Whether scripts of other origins may call a route at all. */
  isOpen(route: Route): boolean;
  /** The answer to a preflight. Throws a `Refusal` where the origin is that of no public client, or `StoreError`. */
  answerPreflight(route: Route, origin: string, method: string): Promise<WireResponse>;
  /** A route's response to a script, with the headers that let the script read it if its origin is one of the client's. */
  open(response: WireResponse, route: Route, origin: string, visit: Visit): Promise<WireResponse>;
  /** The same for a refusal that was given before the route could look at the request. */
  openRefusal(response: WireResponse, route: Route, origin: string): WireResponse;
};

/** How long a browser may remember the answer to a preflight. What the request itself gets is decided each time. */
const PREFLIGHT_SECONDS = 600;
/** In place of an origin: every one of them. */
const EVERYBODY = '*';
/** The star stands for all others, but never for `Authorization`. Cookies are never sent, because no answer allows them. */
const REQUEST_HEADERS = 'Authorization, Content-Type, Idempotency-Key, *';

/** The method that a preflight asks about; `undefined` for any other request. */
export const preflightedMethod = ({ method, headers }: WireRequest): string | undefined =>
  method === 'OPTIONS' && headers['origin'] !== undefined
    ? headers['access-control-request-method']
    : undefined;

/**
 * A public document may be read by everybody, also its refusals: a library that finds none of one kind goes on to the next only
 * where it can read the status. For the rest, a preflight names no client, so it is answered for the origins of all public clients. What the request itself gets, only an
 * origin of its own client may read; where no client was authenticated, that is an error with a constant text.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export const createCrossOrigin = (groups: readonly RouteGroup[], origins: ScriptOrigins): CrossOrigin => {
  const open = new Set(groups.flatMap(({ routes, crossOriginRoutes }) => pick(routes, crossOriginRoutes)));
  const forEverybody = new Set(groups.flatMap(({ routes, publicRoutes }) => pick(routes, publicRoutes)));
  const mayRead = async (origin: string, { client }: Visit): Promise<boolean> => {
    if (client !== undefined) return hasScriptsAt(client, origin);
    return origins.has(origin).catch((error: unknown) => {
      if (error instanceof StoreError) return false;
      throw error;
    });
  };
  return {
    isOpen: (route) => open.has(route) || forEverybody.has(route),
    async answerPreflight(route, origin, method) {
      const isForEverybody = forEverybody.has(route);
      if (!isForEverybody && !(await origins.has(origin))) throw new Refusal('origin_unregistered');
      const headers = {
        'Access-Control-Allow-Origin': isForEverybody ? EVERYBODY : origin,
        'Access-Control-Allow-Methods': method,
        'Access-Control-Allow-Headers': REQUEST_HEADERS,
        'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
        'Cache-Control': 'no-store',
        Vary: 'Origin',
      };
      return { status: 200, headers, body: '' };
    },
    async open(response, route, origin, visit) {
      if (forEverybody.has(route)) return readableBy(response, EVERYBODY);
      return readableBy(response, (await mayRead(origin, visit)) ? origin : undefined);
    },
    openRefusal(response, route, origin) {
      if (forEverybody.has(route)) return readableBy(response, EVERYBODY);
      return open.has(route) ? readableBy(response, origins.wasAmong(origin) ? origin : undefined) : response;
    },
  };
};

const pick = (routes: RouteGroup['routes'], names: readonly string[] = []): readonly Route[] =>
  names.flatMap((name) => routes[name] ?? []);

/** `origin` is `undefined` where nobody may read the response. */
const readableBy = (response: WireResponse, origin: string | undefined): WireResponse => {
  const allowed =
    origin === undefined
      ? {}
      : { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': '*' };
  const vary = origin === EVERYBODY ? {} : { Vary: 'Origin' };
  return { ...response, headers: { ...response.headers, ...allowed, ...vary } };
};
