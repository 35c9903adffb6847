import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideSecrets, lastLines } from './hide-secrets.ts';

test('tokens, secrets and authorization headers are hidden, and the rest stays readable', () => {
  const text = `Error: refresh of 0b6f2c1e-8f0a-4c55-9d39-5d6c1f0e7a11 failed with short-secret
    at file:///home/app/src/refresh.js:12:7 Authorization: Basic aWQ6c2VjcmV0LXZhbHVl
    token=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 jwt eyJhbGciOiJSUzI1NiJ9eyJhbGciOiJSUzI1NiJ9.payloadpayload.signature`;
  const shown = hideSecrets(text, ['short-secret', '']);
  assert.equal(
    shown,
    `Error: refresh of [hidden] failed with [hidden]
    at file:///home/app/src/refresh.js:12:7 Authorization: Basic [hidden]
    token=[hidden] jwt [hidden]`,
  );
});

test('the last lines have no colours and no control characters, and are cut', () => {
  const text = 'first\n\n\x1b[31mred\x1b[0m \x07bell\nsecond line that is long\n';
  assert.deepEqual(lastLines(text, 2, 12), ['red  bell', 'second line…']);
});

test('the last lines of a crash in Node are its message, not its stack', () => {
  const text = [
    'undici:4394',
    'SyntaxError: Unexpected end of JSON input',
    '    at JSON.parse (<anonymous>)',
    '    at successSteps (node:internal/deps/undici/undici:7048:27)',
    '    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
    '    at file:///app/need.mjs:3:1',
    '',
    'Node.js v24.21.0',
  ].join('\n');
  assert.deepEqual(lastLines(text, 1, 80), ['SyntaxError: Unexpected end of JSON input']);
});
