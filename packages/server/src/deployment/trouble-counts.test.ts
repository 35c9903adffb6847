import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../errors.ts';
import type { LogEvent } from '../log-event.ts';
import type { TroubleCount } from '../operators/trouble.ts';
import { createTroubleCounts } from './trouble-counts.ts';

const NOW_MS = Date.UTC(2026, 0, 1, 9, 30);
const HOUR = Math.floor(NOW_MS / 3_600_000);
const ABOUT = { dialect: 'smartcar', requestId: 'r', caller: { address: '192.0.2.1', userAgent: '' } };

const refused = (clientId: string, reason = 'client_secret_wrong'): LogEvent =>
  ({ ...ABOUT, event: 'client.refused', clientId, reason }) as LogEvent;

/** A store that keeps what it gets, and fails as it is set to. */
const setUp = () => {
  const added: TroubleCount[][] = [];
  const dropped: (readonly [hoursPerPart: number, beforeHour: number])[] = [];
  let failure: StoreError | undefined;
  const counts = createTroubleCounts({
    clock: () => NOW_MS,
    earliest: () => NOW_MS,
    store: {
      async addTroubles(batch) {
        if (failure !== undefined) throw failure;
        added.push([...batch]);
      },
      async dropTroubles({ hoursPerPart, beforeHour }) {
        dropped.push([hoursPerPart, beforeHour]);
        return 0;
      },
      readClient: (id) => ({ client: id.startsWith('known') ? ({ id } as never) : undefined, keys: [] }),
    },
  });
  return { counts, added, dropped, fail: (error: StoreError | undefined) => (failure = error) };
};

const brief = (batch: readonly TroubleCount[] | undefined) =>
  batch?.map(({ event, reason, clientId, count }) => [event, reason, clientId, count]);

test('refusals are stored in one batch by cause and client, and successes are not counted', async () => {
  const { counts, added } = setUp();
  for (const event of [
    refused('known-1'),
    refused('known-1'),
    refused('known-2', 'client_disabled'),
    { ...ABOUT, event: 'code.replayed', clientId: 'known-1', grantId: 'g' },
    { ...ABOUT, event: 'code.redeemed', clientId: 'known-1', grantId: 'g' },
    { ...ABOUT, event: 'refresh.replayed', clientId: 'known-1', looksLike: 'theft', response: 'observe' },
  ] as LogEvent[])
    counts.note(event);
  await counts.stop();
  assert.equal(added.length, 1);
  assert.deepEqual(brief(added[0]), [
    ['client.refused', 'client_secret_wrong', 'known-1', 2],
    ['client.refused', 'client_disabled', 'known-2', 1],
    ['code.replayed', '', 'known-1', 1],
    ['refresh.replayed', 'theft_observed', 'known-1', 1],
  ]);
  assert.equal(added[0]?.[0]?.hour, HOUR);
});

test('a stranger with many ids makes one row', async () => {
  const { counts, added } = setUp();
  for (let index = 0; index < 2000; index++) {
    counts.note(refused(`made-up-${index}`, 'client_unknown'));
    counts.note(refused(`made-up-${index}`));
  }
  counts.note(refused('known-1'));
  await counts.stop();
  assert.deepEqual(brief(added[0]), [
    ['client.refused', 'client_unknown', '', 2000],
    ['client.refused', 'client_secret_wrong', '', 2001],
  ]);
});

test('what a store that is away does not take is stored later, and an unknown outcome is not counted twice', async () => {
  const { counts, added, fail } = setUp();
  counts.note(refused('known-1'));
  fail(new StoreError('unavailable', 'away'));
  await counts.settle();
  counts.note(refused('known-1'));
  fail(undefined);
  await counts.settle();
  assert.deepEqual(brief(added.at(-1)), [['client.refused', 'client_secret_wrong', 'known-1', 2]]);
  counts.note(refused('known-1'));
  fail(new StoreError('outcome_unknown', 'cut'));
  await counts.settle();
  fail(undefined);
  await counts.stop();
  assert.equal(added.length, 1);
});

test('counts by hour of more than 48 hours ago and those by day of more than 30 days ago are dropped once an hour', async () => {
  const { counts, dropped } = setUp();
  await counts.settle();
  await counts.settle();
  await counts.stop();
  assert.deepEqual(dropped, [
    [1, HOUR - 47],
    [24, HOUR - 719],
  ]);
});
