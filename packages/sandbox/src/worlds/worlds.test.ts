import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { parseInput } from '../parse-input.ts';
import { newWorld } from './new-world.ts';
import { createWorlds, DEFAULT_WORLD, IDLE_MAX_MS } from './worlds.ts';

const DEFINITION = parseInput(newWorld, {});

const open = (t: TestContext, worldsMax: number) => {
  let nowMs = 0;
  const worlds = createWorlds({
    host: '127.0.0.1',
    url: () => 'http://127.0.0.1:1',
    listenerFor: () => () => {},
    monotonic: () => nowMs,
    worldsMax,
  });
  t.after(() => worlds.close());
  return { worlds, pass: (ms: number) => (nowMs += ms) };
};

test('a world that nobody used for an hour goes; the others and the default one stay', async (t) => {
  const { worlds, pass } = open(t, 10);
  await worlds.createDefault(DEFINITION);
  const idle = await worlds.create(DEFINITION);
  const used = await worlds.create(DEFINITION);
  pass(IDLE_MAX_MS);
  worlds.find(used.id);
  pass(1);
  await worlds.sweep();
  assert.deepEqual(
    worlds.list().map(({ id }) => id),
    [DEFAULT_WORLD, used.id],
  );
  assert.equal(worlds.find(idle.id), undefined);
});

test('a burst does not pass the limit, and a world that is removed makes room', async (t) => {
  const { worlds } = open(t, 3);
  const burst = await Promise.allSettled(Array.from({ length: 6 }, () => worlds.create(DEFINITION)));
  const refused = burst.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 3);
  assert.deepEqual(
    new Set(refused.map((one) => (one as PromiseRejectedResult).reason.code)),
    new Set(['too_many_worlds']),
  );
  assert.equal(await worlds.remove(worlds.list()[0]?.id ?? ''), true);
  await worlds.create(DEFINITION);
});

test('a definition that is wrong leaves no world', async (t) => {
  const { worlds } = open(t, 1);
  const wrong = parseInput(newWorld, { policies: { smartcar: { rotation: 'never' } } });
  await assert.rejects(worlds.create(wrong), { code: 'input_invalid', message: /rotation must be one of/ });
  await worlds.create(DEFINITION);
});
