import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { callerOf, readForwarded } from './caller.ts';
import { createConnection } from './connection.ts';

const CASES: readonly (readonly [
  header: string | undefined,
  hops: number,
  address: string | undefined,
  what: string,
])[] = [
  ['192.0.2.7', 0, undefined, 'without proxies the header is not trusted'],
  [undefined, 1, undefined, 'no header'],
  ['', 1, undefined, 'an empty header'],
  ['192.0.2.7', 1, '192.0.2.7', 'one proxy adds the address it was called from'],
  ['203.0.113.9, 192.0.2.7', 1, '192.0.2.7', 'entries to the left come from the caller, and are not trusted'],
  ['203.0.113.9,192.0.2.7', 1, '192.0.2.7', 'blanks are optional'],
  ['192.0.2.7, 10.0.0.1', 2, '192.0.2.7', 'of two proxies the outer one was called by the client'],
  ['203.0.113.9, 192.0.2.7, 10.0.0.1', 2, '192.0.2.7', 'whatever is to the left'],
  ['10.0.0.1', 2, undefined, 'fewer entries than proxies: the request bypassed one of them'],
  ['192.0.2.7, unknown', 1, undefined, 'a word instead of an address'],
  ['192.0.2.7, ', 1, undefined, 'an empty entry'],
  ['192.0.2.256', 1, undefined, 'not an IPv4 address'],
  ['192.0.2.7:4711', 1, '192.0.2.7', 'an address with its port'],
  ['192.0.2.7:', 1, undefined, 'an empty port'],
  ['192.0.2.7:x', 1, undefined, 'a port that is a word'],
  ['2001:db8::9', 1, '2001:db8::9', 'an IPv6 address'],
  ['[2001:db8::9]', 1, '2001:db8::9', 'an IPv6 address in brackets'],
  ['[2001:db8::9]:4711', 1, '2001:db8::9', 'an IPv6 address with its port'],
  ['[2001:db8::9', 1, undefined, 'half of the brackets'],
  ['[192.0.2.7]', 1, '192.0.2.7', 'an IPv4 address in brackets'],
  ['::ffff:192.0.2.7', 1, '::ffff:192.0.2.7', 'an IPv4-mapped address'],
  ['"192.0.2.7"', 1, undefined, 'an address in quotes'],
  ['192.0.2.7 10.0.0.1', 1, undefined, 'two addresses without a comma'],
];

for (const [header, hops, address, what] of CASES) {
  void test(`${what}: ${String(header)} behind ${hops}`, () => {
    assert.equal(readForwarded(header, hops), address);
  });
}

const request = (headers: Readonly<Record<string, string>>) =>
  ({ socket: { remoteAddress: '10.0.0.1' }, headers }) as unknown as IncomingMessage;

void test('the caller is the same object while the headers of a connection stay the same', () => {
  const one = createConnection();
  const headers = { 'user-agent': 'app/1', 'x-forwarded-for': '192.0.2.7' };
  const first = callerOf(one, request(headers), 1);
  assert.deepEqual(first, { address: '192.0.2.7', userAgent: 'app/1' });
  assert.equal(callerOf(one, request({ ...headers }), 1), first);
  const second = callerOf(one, request({ ...headers, 'x-forwarded-for': '192.0.2.8' }), 1);
  assert.deepEqual(second, { address: '192.0.2.8', userAgent: 'app/1' });
  const third = callerOf(one, request({ ...headers, 'user-agent': 'app/2' }), 1);
  assert.deepEqual(third, { address: '192.0.2.7', userAgent: 'app/2' });
  assert.equal(callerOf(one, request({ 'user-agent': 'app/2' }), 1).address, '10.0.0.1');
});

void test('an untrusted header does not make another caller', () => {
  const one = createConnection();
  const first = callerOf(one, request({ 'x-forwarded-for': '192.0.2.7' }), 0);
  assert.deepEqual(first, { address: '10.0.0.1', userAgent: '' });
  assert.equal(callerOf(one, request({ 'x-forwarded-for': '192.0.2.8' }), 0), first);
});
