import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../../clients/client.ts';
import type { GrantDetails } from '../../operations/read-grant.ts';
import { viewClient, viewDetails, viewHealth } from './views.ts';

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

const NOW_MS = Date.parse('2026-11-12T09:00:00Z');

const detailsWith = (rotatedAtMs: readonly number[]): GrantDetails =>
  ({
    grant: { id: 42n, createdAtMs: NOW_MS, generation: rotatedAtMs.length, rotatedAtMs },
    client: {},
    standing: { tokenExpiresAt: NOW_MS / 1000, endsAt: NOW_MS / 1000, grantExpiresAt: null },
    vehicles: [],
  }) as unknown as GrantDetails;

test('A rotation whose moment the store has lost has no moment.', () => {
  const { rotations } = viewDetails(detailsWith([0, NOW_MS]), true);
  assert.deepEqual(rotations, [null, '2026-11-12T09:00:00.000Z']);
});
