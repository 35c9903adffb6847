import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAddressRule, parseRanges } from './address-ranges.ts';

const ruleFor = (ranges = '') => createAddressRule(ranges === '' ? [] : (parseRanges(ranges) ?? []));

describe('An address to which a connection may be made', () => {
  for (const [what, addresses, isAllowed] of [
    [
      'public',
      ['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '223.255.255.255'],
      true,
    ],
    ['public IPv6', ['2606:4700::1111', '2003::1', '2a00::1', '2001:4860:4860::8888'], true],
    [
      'this machine',
      ['127.0.0.1', '127.255.255.255', '0.0.0.0', '0.1.2.3', '::1', '::', '::127.0.0.1'],
      false,
    ],
    ['private', ['10.0.0.1', '172.16.0.0', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1'], false],
    ['link-local', ['169.254.169.254', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1'], false],
    ['shared or reserved', ['100.64.0.1', '192.0.0.1', '198.19.0.1', '240.0.0.1', '255.255.255.255'], false],
    ['multicast', ['224.0.0.1', 'ff02::1'], false],
    [
      'private, mapped',
      ['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:FFFF:0a00:0001', '::ffff:169.254.0.1'],
      false,
    ],
    ['private, behind a translator', ['64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b:1::1'], false],
    ['public, mapped or behind a translator', ['::ffff:1.1.1.1', '64:ff9b::101:101'], true],
    [
      'of tunnels and documentation',
      ['2002:7f00:1::', '2001::1', '2001:db8::1', '3fff::1', '203.0.113.9'],
      false,
    ],
    ['no address', ['', 'localhost', '127.1', '1.1.1', ':::'], false],
  ] as const)
    for (const address of addresses)
      test(`${what}: ${address} is ${isAllowed ? 'allowed' : 'denied'}`, () =>
        assert.equal(ruleFor()(address), isAllowed));

  test('a range that is allowed opens no other', () => {
    const isAllowed = ruleFor('10.1.0.0/16, fd12::/32,127.0.0.1');
    for (const address of ['10.1.0.0', '10.1.255.255', '::ffff:10.1.2.3', 'fd12::9', '127.0.0.1', '1.1.1.1'])
      assert.equal(isAllowed(address), true, address);
    for (const address of ['10.0.255.255', '10.2.0.0', 'fd13::9', '127.0.0.2', '::1', '::ffff:10.2.0.0'])
      assert.equal(isAllowed(address), false, address);
  });

  test('everything can be allowed', () => {
    const isAllowed = ruleFor('0.0.0.0/0,::/0');
    for (const address of ['127.0.0.1', '::1', 'fe80::1%eth0'])
      assert.equal(isAllowed(address), true, address);
  });
});

for (const text of [
  '',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0/8',
  'fd00::/129',
  'fe80::%1/64',
  '10.0.0.0/8/8',
  '10.0.0.0/8,',
  'a',
])
  test(`"${text}" is no list of ranges`, () => assert.equal(parseRanges(text), undefined));
