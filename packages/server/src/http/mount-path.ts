/** Where the paths of one server begin on a host that has others too. */
export type MountPath = {
  /** The path as the routes know it; `undefined` if it lies outside. */
  toRoutePath(path: string): string | undefined;
};

const WELL_KNOWN = /^\/\.well-known\/[^/]+/;

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
      return wellKnown !== undefined && path === `${wellKnown}${basePath}` ? wellKnown : undefined;
    },
  };
};
