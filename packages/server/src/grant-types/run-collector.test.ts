import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRunCollector } from './run-collector.ts';

/** Doubles numbers, even and odd ones apart, and fails for 13. Notes which were worked on together. */
const createDoubler = () => {
  const together: (readonly number[])[] = [];
  const collect = createRunCollector<number, number>({
    isAlike: (one, other) => one % 2 === other % 2,
    work(numbers) {
      together.push(numbers);
      if (numbers.includes(13)) throw new RangeError('13');
      return numbers.map((number) => number * 2);
    },
  });
  return { double: async (number: number) => collect(number), collect, together };
};

const outcomesOf = async (results: readonly Promise<number>[]): Promise<readonly unknown[]> =>
  (await Promise.allSettled(results)).map((one) =>
    one.status === 'fulfilled' ? one.value : String(one.reason),
  );

test('what is asked for in one synchronous run is worked on together, what is alike', async () => {
  const { double, together } = createDoubler();
  assert.deepEqual(await Promise.all([1, 2, 3, 4, 5].map(double)), [2, 4, 6, 8, 10]);
  assert.deepEqual(together, [
    [1, 3, 5],
    [2, 4],
  ]);
});

test('a later run is worked on by itself', async () => {
  const { double, together } = createDoubler();
  const nested = double(2).then((four) => double(four));
  assert.equal(await double(6), 12);
  assert.equal(await nested, 8);
  assert.deepEqual(together, [[2, 6], [4]]);
});

test('an item that fails costs the others nothing', async () => {
  const { double } = createDoubler();
  assert.deepEqual(await outcomesOf([1, 13, 2, 3].map(double)), [2, 'RangeError: 13', 4, 6]);
});

test('an item whose result fails later costs the others nothing', async () => {
  const later = createRunCollector<string, string>({
    isAlike: () => true,
    work: (texts) => texts.map((text) => (text === 'bad' ? Promise.reject(new Error(text)) : text)),
  });
  const results = await Promise.allSettled(['good', 'bad', 'also good'].map(async (text) => later(text)));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('a waiter that throws costs the others nothing, and gets what it threw', async () => {
  const { double, collect } = createDoubler();
  const failing = new Promise((_done, fail) => collect(1).then(() => assert.fail('the waiter'), fail));
  assert.equal(await double(3), 6);
  await assert.rejects(failing, /the waiter/);
});
