import { isIP } from 'node:net';
import type { WireRequest } from '@keyfob/server/wire';

/**
 * Whether a request comes from a program or from a page of the sandbox itself. A page of a stranger could otherwise move
 * clocks and read secrets: by a name that resolves to this machine (DNS rebinding), or by a form that it sends here.
 */
export const isOwnRequest = (headers: WireRequest['headers'], allowed: readonly string[]): boolean => {
  const { host, origin } = headers;
  // HTTP/1.0 has no host, and no browser speaks it.
  if (host !== undefined && !isHostKnown(host, allowed)) return false;
  // Only browsers send it, and "null" comes from nowhere.
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
};

/**
 * An address, `localhost`, a name that was allowed, or one without a dot, which only a private network has, such as that of
 * containers.
 */
const isHostKnown = (host: string, allowed: readonly string[]): boolean => {
  const name = host
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost') || allowed.includes(name);
};
