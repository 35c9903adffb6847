import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createBatches } from './batches.ts';

/** Batches whose statements are answered by the test. */
const stage = () => {
  const sent: { readonly items: readonly number[]; answer(): void }[] = [];
  const batches = createBatches<number, number>(
    (items) => new Promise((resolve) => sent.push({ items, answer: () => resolve(items) })),
  );
  const sentSizes = (): readonly number[] => sent.map(({ items }) => items.length);
  const run = (count: number) => Array.from({ length: count }, (_, item) => batches.run(item));
  return { sent, sentSizes, run };
};

/** More turns than a batch needs to be sent. */
const someTurns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
};

describe('Batches of one kind of statement', () => {
  test('all that wait in one turn share a statement, and each gets its own answer', async () => {
    const { sent, sentSizes, run } = stage();
    const answers = run(3);
    await someTurns();
    assert.deepEqual(sentSizes(), [3]);
    sent[0]?.answer();
    assert.deepEqual(await Promise.all(answers), [0, 1, 2]);
  });

  test('a statement that hangs does not block others; behind two, everything waits', async () => {
    const { sent, sentSizes, run } = stage();
    void Promise.all(run(1));
    await someTurns();
    void Promise.all(run(2));
    while (sent.length < 2) await nextTurn();
    void Promise.all(run(100));
    await someTurns();
    assert.deepEqual(sentSizes(), [1, 2]);
    sent[1]?.answer();
    await someTurns();
    assert.deepEqual(sentSizes(), [1, 2, 100]);
  });
});
