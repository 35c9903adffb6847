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
  answerPreflight(origin: string, method: string): Promise<WireResponse>;
  /** A route's response to a script, with the headers that let the script read it if its origin is one of the client's. */
  open(response: WireResponse, origin: string, visit: Visit): Promise<WireResponse>;
};

/** How long a browser may remember the answer to a preflight. What the request itself gets is decided each time. */
const PREFLIGHT_SECONDS = 600;
/** The star stands for all others, but never for `Authorization`. Cookies are never sent, because no answer allows them. */
const REQUEST_HEADERS = 'Authorization, Content-Type, Idempotency-Key, *';

/** The method that a preflight asks about; `undefined` for any other request. */
export const preflightedMethod = ({ method, headers }: WireRequest): string | undefined =>
  method === 'OPTIONS' && headers['origin'] !== undefined
    ? headers['access-control-request-method']
    : undefined;

/**
 * A preflight names no client, so it is answered for the origins of all public clients. What the request itself gets, only an
 * origin of its own client may read; where no client was authenticated, that is an error with a constant text.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export const createCrossOrigin = (groups: readonly RouteGroup[], origins: ScriptOrigins): CrossOrigin => {
  const open = new Set(
    groups.flatMap(({ routes, crossOriginRoutes = [] }) =>
      crossOriginRoutes.flatMap((name) => routes[name] ?? []),
    ),
  );
  const mayRead = async (origin: string, { client }: Visit): Promise<boolean> => {
    if (client !== undefined) return hasScriptsAt(client, origin);
    return origins.has(origin).catch((error: unknown) => {
      if (error instanceof StoreError) return false;
      throw error;
    });
  };
  return {
    isOpen: (route) => open.has(route),
    async answerPreflight(origin, method) {
      if (!(await origins.has(origin))) throw new Refusal('origin_unregistered');
      const headers = {
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Methods': method,
        'Access-Control-Allow-Headers': REQUEST_HEADERS,
        'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
        'Cache-Control': 'no-store',
        Vary: 'Origin',
      };
      return { status: 200, headers, body: '' };
    },
    async open(response, origin, visit) {
      const isReadable = await mayRead(origin, visit);
      const allowed = isReadable
        ? { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': '*' }
        : {};
      return { ...response, headers: { ...response.headers, ...allowed, Vary: 'Origin' } };
    },
  };
};
