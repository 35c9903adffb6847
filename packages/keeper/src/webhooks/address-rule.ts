import { BlockList, isIP } from 'node:net';
import { KeeperError } from '../errors.ts';

/**
 * Not of the public internet: private, link-local, loopback, shared, reserved, multicast.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry (RFC 6890)
 */
const DENIED_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Of the public part of IPv6, `2000::/3` (RFC 4291 §2.4), what leads elsewhere. */
const DENIED_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const deniedIpv4 = new BlockList();
for (const [address, bits] of DENIED_IPV4) deniedIpv4.addSubnet(address, bits, 'ipv4');
const publicIpv6 = new BlockList();
publicIpv6.addSubnet('2000::', 3, 'ipv6');
const deniedIpv6 = new BlockList();
for (const [address, bits] of DENIED_IPV6) deniedIpv6.addSubnet(address, bits, 'ipv6');

/** IPv4 addresses inside IPv6 ones: mapped (RFC 4291 §2.5.5.2), and of a translator (RFC 6052). */
const CARRYING_IPV4 = /^(?:::ffff:|64:ff9b::)(?<high>[0-9a-f]{1,4}):(?<low>[0-9a-f]{1,4})$/;

/**
 * Which addresses may be connected to: public ones, and those of the ranges (CIDR) that the operator allows. Throws
 * `KeeperError` for a malformed range.
 */
export const createAddressRule = (allowedRanges: readonly string[]): ((address: string) => boolean) => {
  const allowed = new BlockList();
  for (const range of allowedRanges) addRange(allowed, range);
  const isAllowedIpv4 = (address: string): boolean =>
    allowed.check(address, 'ipv4') || !deniedIpv4.check(address, 'ipv4');
  return (text) => {
    const [address = ''] = text.split('%', 1);
    const version = isIP(address);
    if (version === 4) return isAllowedIpv4(address);
    if (version !== 6) return false;
    if (allowed.check(address, 'ipv6')) return true;
    const inside = ipv4Inside(address);
    if (inside !== undefined) return isAllowedIpv4(inside);
    return publicIpv6.check(address, 'ipv6') && !deniedIpv6.check(address, 'ipv6');
  };
};

const addRange = (list: BlockList, range: string): void => {
  const [address = '', length, ...more] = range.trim().split('/');
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Infinity;
  if (version === 0 || bits > most || more.length > 0)
    throw new KeeperError(
      'webhook_range_invalid',
      `"${range}" is not a range of addresses`,
      'Write ranges as in 10.20.0.0/16 or fd00:20::/32.',
    );
  list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
};

/** A URL writes every IPv6 address in its shortest form, in hexadecimal. */
const ipv4Inside = (address: string): string | undefined => {
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const { high, low } = CARRYING_IPV4.exec(shortest)?.groups ?? {};
  if (high === undefined || low === undefined) return undefined;
  return [high, low]
    .map((hextet) => Number.parseInt(hextet, 16))
    .flatMap((word) => [word >> 8, word & 0xff])
    .join('.');
};
