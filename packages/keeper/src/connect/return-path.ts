const PATH_MAX = 1000;

/**
 * The URL of a path of our own origin, to which a browser may be sent after the consent; `undefined` for everything else. The path
 * comes from a link, so anybody may have written it: `//evil.example`, `/\evil.example` and `/x/..//evil.example` are other
 * origins to a browser. So what is used is the whole URL.
 */
export const ownUrl = (path: string | null, origin: string): string | undefined => {
  if (path === null || path.length > PATH_MAX || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path)) return undefined;
  if (!URL.canParse(path, origin)) return undefined;
  const target = new URL(path, origin);
  return target.origin === origin ? target.href : undefined;
};
