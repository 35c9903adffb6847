import { Refusal } from '../errors.ts';
import { opensPage } from '../wire/headers.ts';
import type { Route, RouteGroup, Visit } from '../wire/route.ts';

/** The route of a path, or, where the path exists for other methods only, those methods. */
export type Match = {
  readonly group: RouteGroup;
  /** As the route table writes it, such as `/v2.0/vehicles/{id}`; `undefined` for a path that has no route. */
  readonly template: string | undefined;
} & (
  | { readonly route: Route; readonly parameters: Visit['parameters'] }
  | { readonly route: undefined; readonly allow: string }
);

/** One path with its routes by method. */
type Entry = {
  readonly group: RouteGroup;
  readonly template: string;
  readonly methods: Map<string, Match & { readonly route: Route }>;
};

const NO_PARAMETERS: Visit['parameters'] = {};

/**
 * Finds the route of a method and path: by exact path, then by pattern. An unknown path leads to a refusal of the group
 * whose prefix is the longest that fits; of the group with the shortest prefix, where none fits. A browser gets a page.
 *
 * A slash at the end of a path makes no difference: some vendors' SDKs add one. It is no redirect, because a client that
 * follows one would send its secret again.
 */
export const createRouter = (groups: readonly RouteGroup[]): ((method: string, path: string) => Match) => {
  const exact = new Map<string, Entry>();
  const patterns = new Map<string, Entry & { readonly pattern: RegExp }>();
  for (const group of groups) {
    for (const [name, route] of Object.entries(group.routes)) {
      const [method = '', path = ''] = name.split(' ');
      const entry = exact.get(path) ?? patterns.get(path) ?? { group, template: path, methods: new Map() };
      if (path.includes('{')) patterns.set(path, { ...entry, pattern: toPattern(path) });
      else exact.set(path, entry);
      const match = { group: entry.group, template: path, route, parameters: NO_PARAMETERS };
      for (const served of method === 'GET' ? ['GET', 'HEAD'] : [method]) {
        if (entry.methods.has(served)) throw new RangeError(`two routes for ${served} ${path}`);
        entry.methods.set(served, match);
      }
    }
  }
  const prefixes = groups
    .flatMap((group) => (group.pathPrefix === undefined ? [] : [{ group, prefix: group.pathPrefix }]))
    .sort((left, right) => right.prefix.length - left.prefix.length);
  const fallback = prefixes.at(-1);
  if (fallback === undefined) throw new RangeError('no group refuses unknown paths');
  const answerUnknownPage = groups.find((group) => group.answerUnknownPage)?.answerUnknownPage;
  const refuseUnknownPath: Route = (visit) => {
    if (answerUnknownPage !== undefined && opensPage(visit.request)) return answerUnknownPage(visit);
    throw new Refusal('path_unknown');
  };

  const findServed = (method: string, path: string): Match | undefined => {
    const entry = exact.get(path);
    if (entry !== undefined) return entry.methods.get(method) ?? refuseMethod(entry);
    for (const candidate of patterns.values()) {
      const groupsOfPath = candidate.pattern.exec(path)?.groups;
      const parameters = groupsOfPath && decodeParameters(groupsOfPath);
      if (parameters === undefined) continue;
      const match = candidate.methods.get(method);
      return match === undefined ? refuseMethod(candidate) : { ...match, parameters };
    }
    return undefined;
  };

  return (method, path) => {
    const served =
      findServed(method, path) ?? (path.endsWith('/') ? findServed(method, path.slice(0, -1)) : undefined);
    if (served !== undefined) return served;
    const { group } = prefixes.find(({ prefix }) => `${path}/`.startsWith(prefix)) ?? fallback;
    return { group, template: undefined, route: refuseUnknownPath, parameters: NO_PARAMETERS };
  };
};

const refuseMethod = ({ group, template, methods }: Entry): Match => ({
  group,
  template,
  route: undefined,
  allow: [...methods.keys()].join(', '),
});

/** As text, escaped, with a named group for each `{name}`. */
const toPattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);

/** `undefined` where a percent sign is broken: no route has such a path. */
const decodeParameters = (groups: Readonly<Record<string, string>>): Visit['parameters'] | undefined => {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
};
