import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStartSandbox } from './start-sandbox.ts';

test('an old Node is named, with what to do', async () => {
  await assert.rejects(createStartSandbox('no-such-file.ts', '22.11.0')(), {
    code: 'node_too_old',
    message:
      'startSandbox needs Node 24 or newer, and this is Node 22.11.0. ' +
      'Run the tests with a newer Node, or start keyfob-sandbox elsewhere and use connectSandbox(url).',
  });
});

test('a thread that cannot start is reported with its reason', async () => {
  await assert.rejects(createStartSandbox('/no/such/file.ts', '24.0.0')(), {
    code: 'crashed',
    message: /^The sandbox has crashed: Cannot find module/,
  });
});
