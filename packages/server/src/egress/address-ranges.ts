import { BlockList, isIP } from 'node:net';

/** A range of addresses (CIDR): an address, and how many of its first bits count. */
type Range = { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' };

/**
 * What does not belong to the public internet: private, link-local, loopback, shared, reserved, multicast.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry (RFC 6890)
 */
const DENIED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** All that is public today (RFC 4291 §2.4). Other addresses are local, multicast or not assigned. */
const PUBLIC_IPV6 = ['2000::/3'];
/** Parts of it that lead elsewhere: protocol assignments with Teredo, documentation, and 6to4, which holds an IPv4 address. */
const DENIED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** The ranges of a text, separated by commas; a single address is a range of one. `undefined` where one of them is malformed. */
export const parseRanges = (text: string): readonly Range[] | undefined => {
  const ranges = text.split(',').map((part) => parseRange(part.trim()));
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
};

const parseRange = (text: string): Range | undefined => {
  const [address = '', length] = text.split('/', 2);
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : most + 1;
  if (bits > most || text.split('/').length > 2) return undefined;
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
};

const listOf = (ranges: readonly Range[]): BlockList => {
  const list = new BlockList();
  for (const { address, bits, family } of ranges) list.addSubnet(address, bits, family);
  return list;
};

const listOfTexts = (texts: readonly string[]): BlockList => listOf(parseRanges(texts.join(',')) ?? []);

const deniedIpv4 = listOfTexts(DENIED_IPV4);
const publicIpv6 = listOfTexts(PUBLIC_IPV6);
const deniedIpv6 = listOfTexts(DENIED_IPV6);

/**
 * Whether a connection to an address may be made: to a public one, or to one of the ranges that the operator allows. An IPv4
 * address inside an IPv6 one, mapped (RFC 4291 §2.5.5.2) or of a translator (RFC 6052), counts as what it leads to.
 */
export const createAddressRule = (allowedRanges: readonly Range[]): ((address: string) => boolean) => {
  const allowed = listOf(allowedRanges);
  return (text) => {
    const [address = ''] = text.split('%', 1);
    const version = isIP(address);
    if (version === 0) return false;
    if (version === 4) return allowed.check(address, 'ipv4') || !deniedIpv4.check(address, 'ipv4');
    if (allowed.check(address, 'ipv6')) return true;
    const inside = ipv4Inside(address);
    if (inside !== undefined) return allowed.check(inside, 'ipv4') || !deniedIpv4.check(inside, 'ipv4');
    return publicIpv6.check(address, 'ipv6') && !deniedIpv6.check(address, 'ipv6');
  };
};

const MAPPED = '0:0:0:0:0:ffff';
const TRANSLATED = '64:ff9b:0:0:0:0';

const ipv4Inside = (address: string): string | undefined => {
  const hextets = hextetsOf(address);
  const prefix = hextets.slice(0, 6).join(':');
  if (prefix !== MAPPED && prefix !== TRANSLATED) return undefined;
  return hextets
    .slice(6)
    .map((hextet) => Number.parseInt(hextet, 16))
    .flatMap((word) => [word >> 8, word & 0xff])
    .join('.');
};

/** The eight parts of an IPv6 address, in lower case and without leading zeros, as a URL writes them. */
const hextetsOf = (address: string): readonly string[] => {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after];
};
