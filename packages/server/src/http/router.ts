import type { Exchange, WireRequest, WireResponse } from '../wire/exchange.ts';
import { Refusal } from '../errors.ts';
import type { Caller } from '../log-event.ts';

/** A request on its way to a route. */
export type Visit = {
  readonly request: WireRequest;
  readonly exchange: Exchange;
  readonly caller: Caller;
  /** What stands in the path for each `{name}` of the route, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
};

/** Answers one method on one path. Throws a `Refusal` or a `StoreError`; the endpoints render both. */
export type Route = (visit: Visit) => WireResponse | Promise<WireResponse>;

/** Routes that refuse alike. */
export type RouteGroup = {
  /** Whose wire it is, for events. */
  readonly name: string;
  /** By method and path, as in `GET /v2.0/vehicles/{id}`; `{name}` stands for one segment. `GET` answers `HEAD` too. */
  readonly routes: Readonly<Record<string, Route>>;
  /** Every path below it is the group's to refuse, where no route has it. */
  readonly pathPrefix?: string;
  renderRefusal(refusal: Refusal, visit: Omit<Visit, 'parameters'>): WireResponse;
};

/** What a path leads to: a route, or, where it exists for other methods only, those. */
export type Match = { readonly group: RouteGroup } & (
  | { readonly route: Route; readonly parameters: Visit['parameters'] }
  | { readonly route: undefined; readonly allow: string }
);

type Entry = {
  readonly group: RouteGroup;
  readonly pattern: RegExp;
  readonly methods: Map<string, Route>;
};

/** Finds the route of a method and path; `undefined` where the path is nobody's. */
export const createRouter = (
  groups: readonly RouteGroup[],
): ((method: string, path: string) => Match | undefined) => {
  const entries = new Map<string, Entry>();
  for (const group of groups) {
    for (const [name, route] of Object.entries(group.routes)) {
      const [method = '', path = ''] = name.split(' ');
      const entry = entries.get(path) ?? { group, pattern: toPattern(path), methods: new Map() };
      entry.methods.set(method, route);
      if (method === 'GET') entry.methods.set('HEAD', route);
      entries.set(path, entry);
    }
  }
  return (method, path) => {
    for (const { group, pattern, methods } of entries.values()) {
      const found = pattern.exec(path);
      const parameters = found === null ? undefined : decodeParameters(found.groups ?? {});
      if (parameters === undefined) continue;
      const route = methods.get(method);
      return route === undefined
        ? { group, route, allow: [...methods.keys()].join(', ') }
        : { group, route, parameters };
    }
    const group = groups.find(
      ({ pathPrefix }) => pathPrefix !== undefined && `${path}/`.startsWith(pathPrefix),
    );
    return group === undefined ? undefined : { group, route: refuseUnknownPath, parameters: {} };
  };
};

const refuseUnknownPath: Route = () => {
  throw new Refusal('path_unknown');
};

/** As text, escaped, with a named group for each `{name}`. */
const toPattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);

/** `undefined` where a percent sign is broken: such a path names nothing. */
const decodeParameters = (groups: Readonly<Record<string, string>>): Visit['parameters'] | undefined => {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
};
