import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../../clients/client.ts';
import { viewClient, viewHealth } from './views.ts';

const CLIENT = { redirectUris: [], secrets: [], createdAtMs: 1_750_000_000_000 } as unknown as Client;
const HEALTH = {
  lookedAt: 200,
  states: { active: 200, in_doubt: 0, expired: 0, revoked: 0 },
  expiringSoon: 0,
  troubles: [],
  isTroublesPartial: false,
};

test('A client with more grants than are counted says so, also where its health is asked for.', () => {
  const counted = { grants: 10_000, hasMoreGrants: true };
  const uncounted = { grants: null, hasMoreGrants: null };
  const whole = viewClient(CLIENT);
  assert.deepEqual(viewClient(CLIENT, counted), { ...whole, ...counted });
  assert.deepEqual(viewClient(CLIENT, null), { ...whole, ...uncounted });
  assert.deepEqual(viewHealth({ ...HEALTH, ...counted }), { ...HEALTH, ...counted });
});
