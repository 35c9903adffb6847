import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createBatches } from './batches.ts';

/** Batches whose statements are answered by the test. Their clock stands unless another one is given. */
const stage = (monotonicMs = () => 0) => {
  const sent: { readonly items: readonly number[]; answer(): void }[] = [];
  const batches = createBatches<number, number>(
    (items) => new Promise((resolve) => sent.push({ items, answer: () => resolve(items) })),
    monotonicMs,
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

  test('few items wait for the answer to the statement under way, and then share the next one', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { sent, sentSizes, run } = stage();
    void Promise.all(run(1));
    await someTurns();
    void Promise.all(run(1));
    await someTurns();
    void Promise.all(run(1));
    await someTurns();
    assert.deepEqual(sentSizes(), [1]);
    sent[0]?.answer();
    await someTurns();
    assert.deepEqual(sentSizes(), [1, 2]);
  });

  test('many items do not wait for it', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { sentSizes, run } = stage();
    void Promise.all(run(1));
    await someTurns();
    void Promise.all(run(16));
    await someTurns();
    assert.deepEqual(sentSizes(), [1, 16]);
  });

  test('nor do few behind a statement that hangs; behind two, everything waits', async () => {
    const { sent, sentSizes, run } = stage(() => performance.now());
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
