import { memoize } from '../memoize.ts';

const MAPPED =
  /^(?:0{0,4}:)*:?(?:0{1,4}:)*ffff:(?:(?<dotted>[\d.]+)|(?<high>[0-9a-f]{1,4}):(?<low>[0-9a-f]{1,4}))$/;
const HEXTETS = 8;
const NETWORK_HEXTETS = 4;

/**
 * The part of an address that identifies one subscriber: a whole IPv4 address, also where it is written as IPv6 (RFC 4291
 * §2.5.5.2), and the first 64 bits of an IPv6 address, because a subscriber chooses the rest freely. Other texts are
 * returned unchanged.
 */
export const networkOf = (address: string): string =>
  address.includes(':') ? networkOfIpv6(address) : address;

const networkOfIpv6 = memoize((address): string => {
  const text = (address.split('%', 1)[0] ?? '').toLowerCase();
  const mapped = MAPPED.exec(text)?.groups;
  if (mapped !== undefined) return mapped['dotted'] ?? toDotted(mapped['high'] ?? '', mapped['low'] ?? '');
  const [head = '', tail = ''] = text.split('::', 2);
  const [before, after] = [hextetsOf(head), hextetsOf(tail)];
  const zeros = Array.from({ length: Math.max(0, HEXTETS - before.length - after.length) }, () => '0');
  const hextets = [...before, ...zeros, ...after].map((hextet) => hextet.replace(/^0+(?=.)/, ''));
  return `${hextets.slice(0, NETWORK_HEXTETS).join(':')}::/64`;
});

/** An IPv4 address at the end counts as two; their values do not matter here. */
const hextetsOf = (text: string): readonly string[] =>
  text === '' ? [] : text.replace(/:[\d.]+\.[\d.]+$/, ':0:0').split(':');

const toDotted = (high: string, low: string): string =>
  [high, low]
    .map((hextet) => Number.parseInt(hextet, 16))
    .flatMap((word) => [Math.floor(word / 256), word % 256])
    .join('.');
