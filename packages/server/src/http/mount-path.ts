import { OperatorError } from '../errors.ts';

/** Where the paths of one server begin on a host that has others too. */
export type MountPath = {
  /** The path as the routes know it; `undefined` if it lies outside. */
  toRoutePath(path: string): string | undefined;
};

const WELL_KNOWN = /^\/\.well-known\/[^/]+/;

/** Segments of the characters of RFC 3986 §3.3; `.` and `..` would never arrive. */
const BASE_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))(?:[\w.~!$&'()*+,;=:@-]|%[\dA-Fa-f]{2})+)*$/;

/** The base path without a slash at its end; empty for the root. Throws `OperatorError` if it is not a path. */
export const parseBasePath = (text: string): string => {
  const basePath = text.endsWith('/') ? text.slice(0, -1) : text;
  if (BASE_PATH.test(basePath)) return basePath;
  const remedy = 'Give the path at which the host mounts the server, such as /auth, without a query.';
  throw new OperatorError('base_path_invalid', `the base path ${JSON.stringify(text)} is not a path`, remedy);
};

/**
 * `basePath` is empty or begins with a slash and does not end with one. The metadata of an issuer with a path lies at the
 * well-known path with the issuer's path appended; that path leads to the same route.
 *
 * @see RFC 8414 §3.1
 */
export const createMountPath = (basePath: string): MountPath => {
  if (basePath === '') return { toRoutePath: (path) => path };
  return {
    toRoutePath(path) {
      if (path === basePath) return '/';
      if (path.startsWith(`${basePath}/`)) return path.slice(basePath.length);
      const wellKnown = WELL_KNOWN.exec(path)?.[0];
      if (wellKnown === undefined) return undefined;
      const rest = path.slice(wellKnown.length);
      // Its slash at the end makes no difference, as at every path.
      return rest === basePath || rest === `${basePath}/` ? wellKnown : undefined;
    },
  };
};
