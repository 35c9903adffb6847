import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHostCheck } from './host-check.ts';

for (const [host, isAnswered] of [
  ['127.0.0.1:8788', true],
  ['10.1.2.3:8788', true],
  ['10.1.2.3', true],
  ['[::1]:8788', true],
  ['[fd00::5]', true],
  ['localhost:8788', true],
  ['LOCALHOST', true],
  ['metrics.internal:8788', true],
  ['Metrics.Internal.:8788', true],
  ['evil.example:8788', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example:8788', false],
  ['evil.example', false],
  ['metrics.internal.evil.example', false],
  ['127.1', false],
  ['::1', false],
  ['[::1', false],
  ['a b', false],
  ['', false],
  ['localhost:99999', false],
  [undefined, true],
] as const)
  test(`a request for ${JSON.stringify(host) ?? 'no host'} is ${isAnswered ? 'answered' : 'refused'}`, () =>
    assert.equal(createHostCheck(['metrics.internal'])(host), isAnswered));
