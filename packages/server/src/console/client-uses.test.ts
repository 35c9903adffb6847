import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClientUses } from './client-uses.ts';

const HOUR_MS = 3_600_000;
const caller = { address: '192.0.2.1', userAgent: 'car' };
const rotated = (clientId: string) =>
  ({
    event: 'refresh.rotated',
    requestId: 'r',
    dialect: 'oauth',
    clientId,
    grantId: 'g',
    caller,
    generation: 1,
  }) as const;

test('refreshes are counted by client and hour, for a day', () => {
  const uses = createClientUses();
  const start = 1000 * HOUR_MS;
  for (const hours of [0, 0, 1, 23, 24]) uses.count(rotated('a'), start + hours * HOUR_MS);
  uses.count(rotated('b'), start);
  uses.count({ event: 'keys.reloaded', newestKeyNumber: 1 }, start);
  const day = Array<number>(24).fill(0);
  assert.deepEqual(uses.read('a', start + 24 * HOUR_MS), day.with(0, 1).with(22, 1).with(23, 1));
  assert.deepEqual(uses.read('b', start), day.with(23, 1));
  assert.deepEqual(uses.read('b', start + 24 * HOUR_MS), day);
  assert.deepEqual(uses.read('nobody', start), day);
  // A long silence leaves nothing of the hours before.
  uses.count(rotated('a'), start + 100 * HOUR_MS);
  assert.deepEqual(uses.read('a', start + 100 * HOUR_MS), day.with(23, 1));
  // A clock that was set back counts where the hour is still known, and nowhere else.
  uses.count(rotated('a'), start + 99 * HOUR_MS);
  uses.count(rotated('a'), start);
  assert.deepEqual(uses.read('a', start + 100 * HOUR_MS), day.with(22, 1).with(23, 1));
});
