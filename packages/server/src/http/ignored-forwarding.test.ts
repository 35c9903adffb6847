import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEvent } from '../log-event.ts';
import { createForwardingWatch } from './ignored-forwarding.ts';

const caller = { address: '10.0.0.1', userAgent: '' };
const XFF = { 'x-forwarded-for': '192.0.2.7' };
const FORWARDED = { forwarded: 'for=192.0.2.7' };

const CASES = [
  ['no header', 0, [{}, {}], []],
  ['X-Forwarded-For, and then no proxy is trusted', 0, [{}, XFF], ['x-forwarded-for']],
  ['Forwarded, and then no proxy is trusted', 0, [FORWARDED], ['forwarded']],
  ['many requests', 0, [XFF, XFF, FORWARDED], ['x-forwarded-for']],
  ['a trusted proxy', 1, [XFF, FORWARDED], []],
] as const;

for (const [what, hops, requests, reported] of CASES) {
  void test(`${what}: ${reported.length} reports`, () => {
    const events: LogEvent[] = [];
    const watch = createForwardingWatch((event) => events.push(event), hops);
    for (const headers of requests) watch(headers, caller);
    assert.deepEqual(
      events,
      reported.map((header) => ({ event: 'forwarding.ignored', header, caller })),
    );
  });
}
