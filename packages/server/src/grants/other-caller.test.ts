import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findOtherCaller } from './other-caller.ts';

const FIRST = { address: '192.0.2.1', userAgent: 'app/1' };

for (const [what, caller, differs] of [
  ['the same caller', { ...FIRST }, undefined],
  ['another address', { ...FIRST, address: '192.0.2.2' }, 'address'],
  ['another user agent', { ...FIRST, userAgent: 'curl' }, 'user_agent'],
  ['a user agent that is missing', { ...FIRST, userAgent: '' }, 'user_agent'],
  ['another address and user agent', { address: '::1', userAgent: 'curl' }, 'both'],
] as const)
  test(`a repeat by ${what}: ${differs ?? 'nothing to report'}`, () => {
    const found = findOtherCaller({ generation: 5, rotatedBy: FIRST }, { generation: 4 }, caller);
    assert.deepEqual(found, differs === undefined ? undefined : { firstUsedBy: FIRST, differs });
  });

test('the first use is known of the predecessor of the current token only', () => {
  const other = { address: '::1', userAgent: 'curl' };
  for (const generation of [3, 5, 6])
    assert.equal(findOtherCaller({ generation: 5, rotatedBy: FIRST }, { generation }, other), undefined);
  assert.equal(findOtherCaller({ generation: 5, rotatedBy: undefined }, { generation: 4 }, other), undefined);
});
