import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../../exports/clients.ts';
import { clientToJson, describeClient } from './client-report.ts';

const CLIENT = {
  id: 'client-a',
  dialect: 'smartcar',
  type: 'confidential',
  name: 'Charge planner',
  redirectUris: [],
  createdAtMs: 1_750_000_000_000,
  policy: {},
  secrets: [],
} as unknown as Client;

test('A client with more grants than are counted has more than that, in words and in JSON.', () => {
  for (const [count, words] of [
    [{ grants: 10_000, hasMoreGrants: true }, /^grants +more than 10000$/m],
    [{ grants: 10_000, hasMoreGrants: false }, /^grants +10000$/m],
  ] as const) {
    assert.match(describeClient(CLIENT, count), words);
    const { grants, hasMoreGrants } = clientToJson(CLIENT, count);
    assert.deepEqual({ grants, hasMoreGrants }, count);
  }
});
