import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAddressRule } from './address-rule.ts';

const PUBLIC = [
  '1.1.1.1',
  '172.15.0.1',
  '172.32.0.1',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
];
const DENIED = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::a00:1',
  '::127.0.0.1',
  'fe80::1%eth0',
  'fd00::1',
  'ff02::1',
  '2002:a00:1::',
  '2001:db8::1',
  'not an address',
  '',
];

describe('where webhooks are sent to', () => {
  const isAllowed = createAddressRule([]);

  for (const address of PUBLIC) it(`${address} is public`, () => assert.equal(isAllowed(address), true));

  for (const address of DENIED) it(`"${address}" is not`, () => assert.equal(isAllowed(address), false));

  it('a range that is allowed is reached, and nothing beside it', () => {
    const rule = createAddressRule(['10.20.0.0/16', 'fd00:20::/32', '127.0.0.1']);
    for (const address of ['10.20.3.4', '::ffff:10.20.3.4', 'fd00:20::9', '127.0.0.1'])
      assert.equal(rule(address), true, address);
    for (const address of ['10.21.0.1', 'fd00:21::1', '127.0.0.2'])
      assert.equal(rule(address), false, address);
  });

  for (const range of ['10.0.0.0/33', 'localhost', '10.0.0.0/8/8', '', 'fd00::/129', '10.0.0.0/-1'])
    it(`"${range}" is no range`, () =>
      assert.throws(() => createAddressRule([range]), { code: 'webhook_range_invalid' }));
});
