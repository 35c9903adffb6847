import type { Client } from '../clients/client.ts';
import type { Refusal } from '../errors.ts';
import type { Eventual } from '../eventual.ts';
import type { Caller } from '../log-event.ts';
import type { Exchange, WireRequest, WireResponse } from './exchange.ts';

/** A request on its way through a route. */
export type Visit = {
  readonly request: WireRequest;
  readonly exchange: Exchange;
  readonly caller: Caller;
  /** The path segment of each `{name}` of the route, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The authenticated client, set by the route that authenticated it; log events and refusals use it. */
  client: Client | undefined;
};

/** Answers one method on one path. Fails with a `Refusal` or a `StoreError`; the endpoints render both. */
export type Route = (visit: Visit) => Eventual<WireResponse>;

/** Routes that render refusals alike. */
export type RouteGroup = {
  /** Whose wire it is, for log events. */
  readonly name: string;
  /** By method and path, as in `GET /v2.0/vehicles/{id}`; `{name}` stands for one segment. `GET` answers `HEAD` too. */
  readonly routes: Readonly<Record<string, Route>>;
  /** The names of routes that scripts in browsers may call from the origins of their client (CORS). Absent for none. */
  readonly crossOriginRoutes?: readonly string[];
  /** The names of routes whose answers, refusals included, scripts of every origin may read. Absent for none. */
  readonly publicRoutes?: readonly string[];
  /** Unknown paths that start with this belong to the group, which refuses them. The longest prefix wins. */
  readonly pathPrefix?: string;
  /** Answers a browser that opens an address where no group has anything. One group has this. */
  readonly answerUnknownPage?: Route;
  renderRefusal(refusal: Refusal, visit: Visit): WireResponse;
  /** What is answered where a route failed by a bug; an empty 500 where it is absent. */
  renderBug?(visit: Visit): WireResponse;
};
