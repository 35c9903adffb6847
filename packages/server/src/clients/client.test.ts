import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNativeApp } from './client.ts';
import type { Policy } from './policy.ts';

for (const [type, nativeApp, isNative] of [
  ['public', undefined, true],
  ['public', false, false],
  ['confidential', undefined, false],
  ['confidential', true, true],
] as const)
  test(`a ${type} client whose policy says ${nativeApp ?? 'nothing'} is ${isNative ? 'a' : 'no'} native app`, () => {
    assert.equal(isNativeApp({ type, policy: { nativeApp } as Policy }), isNative);
  });
