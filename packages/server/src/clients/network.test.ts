import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './network.ts';

const CASES: readonly (readonly [address: string, network: string, what: string])[] = [
  ['192.0.2.7', '192.0.2.7', 'an IPv4 address is a network of its own'],
  ['::ffff:192.0.2.7', '192.0.2.7', 'an IPv4-mapped address is the IPv4 address'],
  ['::FFFF:192.0.2.7', '192.0.2.7', 'in capitals too'],
  ['::ffff:c000:207', '192.0.2.7', 'in hexadecimal too'],
  ['::ffff:0:0', '0.0.0.0', 'in hexadecimal with zeros too'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7', 'written out too'],
  ['0000:0000:0000:0000:0000:ffff:c000:0207', '192.0.2.7', 'written out with every zero too'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', 'an IPv6 address is its first 64 bits'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64', 'whatever the other 64 are'],
  ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64', 'to the last of them'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64', 'the neighbouring network is another'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64', 'zeros and capitals make no difference'],
  ['2001:db8::9', '2001:db8:0:0::/64', 'left-out zeros count as zeros'],
  ['2001:db8::1:0:0:9', '2001:db8:0:0::/64', 'left-out zeros may end behind the network'],
  ['2001::1:0:0:0:9', '2001:0:0:1::/64', 'or within it'],
  ['::1', '0:0:0:0::/64', 'the loopback address has a network too'],
  ['::', '0:0:0:0::/64', 'and the address that is none'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', 'the zone of a link-local address is left out'],
  [
    '64:ff9b::192.0.2.7',
    '64:ff9b:0:0::/64',
    'an IPv4 address at the end of another prefix is not a mapped one',
  ],
  ['1:2:3:4:5:6:192.0.2.7', '1:2:3:4::/64', 'at the end of an address written out neither'],
  ['2001:db8:1:ffff:c000:207::', '2001:db8:1:ffff::/64', 'ffff elsewhere is not a mapped one'],
  ['', '', 'no address is itself'],
  ['rehearsal', 'rehearsal', 'a word is itself'],
];

for (const [address, network, what] of CASES) {
  void test(`${what}: ${address}`, () => {
    assert.equal(networkOf(address), network);
  });
}
