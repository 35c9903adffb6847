import { SandboxError } from '../sandbox-error.ts';
import type { ControlRoute } from './control-route.ts';

/** A route with what its path says. */
export type RouteMatch = { readonly route: ControlRoute; readonly path: Readonly<Record<string, string>> };

/** Finds the route of a method and a path below `/_sandbox`. Throws `SandboxError`. */
export const createRouting = (
  routes: readonly ControlRoute[],
): ((method: string, path: string) => RouteMatch) => {
  const table = routes.map((route) => ({ route, pattern: toPattern(route.path) }));
  return (method, path) => {
    const clean = path.length > 1 ? path.replace(/\/$/, '') : path;
    const fitting = table.flatMap(({ route, pattern }) => {
      const groups = pattern.exec(clean)?.groups;
      return pattern.test(clean) ? [{ route, path: decode(groups ?? {}) }] : [];
    });
    if (fitting.length === 0)
      throw new SandboxError(
        'not_found',
        `there is nothing at /_sandbox${path}`,
        '/_sandbox/openapi.json lists every path.',
      );
    const found = fitting.find(({ route }) => route.method === (method === 'HEAD' ? 'GET' : method));
    if (found !== undefined) return found;
    const methods = [...new Set(fitting.map(({ route }) => route.method))].join(', ');
    throw new SandboxError('method_not_allowed', `${method} is not for this path`, `Use ${methods}.`);
  };
};

const toPattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);

const decode = (groups: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    throw new SandboxError('not_found', 'the path has a broken percent sign', 'Encode it again.');
  }
};
