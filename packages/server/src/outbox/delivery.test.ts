import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTurns, outcomeOf, roomFor, stateOf } from './delivery.ts';
import type { DeliveryState, Settlement } from './delivery.ts';
import type { Webhook } from './webhook.ts';

const NOW_MS = 1_750_000_000_000;

const SETTLEMENTS: readonly { readonly settlement: Settlement; readonly state: DeliveryState }[] = [
  { settlement: { kind: 'delivered', nowMs: NOW_MS, status: 204 }, state: 'delivered' },
  {
    settlement: { kind: 'failed', status: 500, error: 'no', nextAtMs: NOW_MS + 1 },
    state: 'retrying',
  },
  { settlement: { kind: 'failed', status: undefined, error: 'no', nextAtMs: undefined }, state: 'given_up' },
  { settlement: { kind: 'gone', nowMs: NOW_MS, status: 410 }, state: 'given_up' },
];

for (const { settlement, state } of SETTLEMENTS)
  test(`a delivery whose attempt is settled as ${settlement.kind} is ${state}`, () => {
    const outcome = outcomeOf(settlement);
    assert.equal(stateOf(outcome), state);
    assert.equal(outcome.lastStatus, settlement.status);
    assert.equal(outcome.nextAtMs === undefined, state !== 'retrying');
  });

test('a delivery without a failed attempt is pending', () => {
  const fresh = { nextAtMs: NOW_MS, deliveredAtMs: undefined, lastStatus: undefined, lastError: undefined };
  assert.equal(stateOf(fresh), 'pending');
});

test('a claim takes what is left of its limit per webhook, and never less than nothing', () => {
  const claim = {
    limit: 5,
    limitPerWebhook: 3,
    inHand: new Map([
      ['busy', 2],
      ['full', 4],
    ]),
  };
  assert.deepEqual(
    ['idle', 'busy', 'full'].map((id) => roomFor(id, claim)),
    [3, 1, 0],
  );
  assert.equal(roomFor('idle', { ...claim, limit: 1 }), 1);
});

const webhook = (id: string): Webhook => ({
  id,
  url: 'https://app.example/hook',
  format: 'standard',
  clientId: undefined,
  kinds: [],
  keyNumber: 1,
  createdAtMs: 0,
  disabledAtMs: undefined,
});

test('the webhooks with the least in hand come first', () => {
  const due = [
    { webhook: webhook('slow'), deliveries: [{ nextAtMs: 1 }, { nextAtMs: 2 }] },
    { webhook: webhook('quick'), deliveries: [{ nextAtMs: 3 }, { nextAtMs: 4 }] },
  ];
  const turns = chooseTurns(due, { inHand: new Map([['slow', 1]]), limit: 3 });
  assert.deepEqual(
    turns.map(({ webhook: { id }, delivery }) => [id, delivery.nextAtMs]),
    [
      ['quick', 3],
      ['slow', 1],
      ['quick', 4],
    ],
  );
});
