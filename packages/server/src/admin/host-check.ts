import { isIP } from 'node:net';

/** A host, an IPv6 address in brackets, with or without a port. */
const AUTHORITY = /^(?<host>\[[^\]]*\]|[^:]*)(?::\d*)?$/;

/**
 * Whether the admin listener answers a request with this `Host`: an address, `localhost`, or a name that the operator allows.
 * A page in somebody's browser can make its own name resolve to an address of this machine and then read what it gets (DNS
 * rebinding); its requests carry that name. A request without `Host` (HTTP/1.0) comes from no browser.
 */
export const createHostCheck = (allowed: readonly string[]): ((host: string | undefined) => boolean) => {
  const names = new Set(['localhost', ...allowed.map((name) => name.toLowerCase())]);
  return (header) => {
    if (header === undefined) return true;
    // With a port that none can be, it is part of no URL.
    if (!URL.canParse(`http://${header}`)) return false;
    const host = AUTHORITY.exec(header)?.groups?.['host']?.toLowerCase() ?? '';
    return names.has(host.replace(/\.$/, '')) || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0;
  };
};
