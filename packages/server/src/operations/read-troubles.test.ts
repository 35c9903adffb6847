import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TroubleSpan } from '../operators/trouble.ts';
import { readTroubles } from './read-troubles.ts';
import type { TroubleSearch } from './read-troubles.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 31, 9, 30);
const ago = (hours: number): TroubleSearch['from'] => ({ sinceMs: NOW_MS - hours * HOUR_MS });

/** A store with two causes of one client, one of a removed client, and one of none. */
const setUp = () => {
  const spans: TroubleSpan[] = [];
  const read: string[] = [];
  const group = { event: 'refresh.refused', count: 1, lastAtMs: NOW_MS, parts: [1] };
  const ofClients = ['client-a', 'client-a', 'removed', ''];
  const store = {
    async listTroubles(span: TroubleSpan) {
      spans.push(span);
      return ofClients.map((clientId, index) => ({ ...group, clientId, reason: `reason-${index}` }));
    },
    async readClient(id: string) {
      read.push(id);
      return { client: id === 'client-a' ? ({ id, name: 'Charge planner' } as never) : undefined, keys: [] };
    },
  };
  return { context: { store, clock: () => NOW_MS } as never, spans, read };
};

const SPANS: readonly (readonly [
  name: string,
  from: TroubleSearch['from'],
  hoursPerPart: number,
  partsCount: number,
  fromText: string,
])[] = [
  ['a day', { span: 'day' }, 1, 24, '2026-01-30T10:00'],
  ['a month', { span: 'month' }, 24, 30, '2026-01-02T00:00'],
  ['this hour', ago(0), 1, 1, '2026-01-31T09:00'],
  ['the future', ago(-100), 1, 1, '2026-01-31T09:00'],
  ['the last hour', ago(1), 1, 2, '2026-01-31T08:00'],
  ['all hours that are kept', ago(47), 1, 48, '2026-01-29T10:00'],
  ['more hours than are kept', ago(48), 24, 3, '2026-01-29T00:00'],
  ['the first day of a month', ago(29 * 24), 24, 30, '2026-01-02T00:00'],
  ['more days than are kept', ago(31 * 24), 24, 30, '2026-01-02T00:00'],
  ['the beginning of time', { sinceMs: 0 }, 24, 30, '2026-01-02T00:00'],
];

for (const [name, from, hoursPerPart, partsCount, fromText] of SPANS)
  test(`Troubles since ${name} are read in parts that the store has.`, async () => {
    const { context, spans } = setUp();
    const { fromMs, partMs } = await readTroubles(context, { from, limit: 9 });
    assert.equal(new Date(fromMs).toISOString().slice(0, 16), fromText);
    assert.equal(partMs, hoursPerPart * HOUR_MS);
    const [span] = spans;
    assert.deepEqual([span?.hoursPerPart, span?.partsCount], [hoursPerPart, partsCount]);
    assert.equal(span?.fromHour, fromMs / HOUR_MS);
  });

test('The name of a client is read once, however many causes it has.', async () => {
  const { context, read } = setUp();
  const { groups, isMore } = await readTroubles(context, { from: { span: 'day' }, limit: 4 });
  assert.deepEqual(
    groups.map(({ clientName }) => clientName),
    ['Charge planner', 'Charge planner', '', ''],
  );
  assert.equal(isMore, false);
  assert.deepEqual(read, ['client-a', 'removed']);
  const cut = await readTroubles(context, { from: { span: 'day' }, limit: 3 });
  assert.deepEqual([cut.groups.length, cut.isMore], [3, true]);
});
