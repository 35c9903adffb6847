import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMet } from './figure.ts';
import type { Figure } from './figure.ts';
import { measureVolume, PARTS } from './volume.ts';

/** The figures that are times, or depend on times. */
const DEPENDS_ON_SPEED = /^(?:start|CPU time|median|latency|longest|refresh above|growth of the log)/;

test('Every refresh is answered correctly, and neither disk nor memory grows with refreshes.', async () => {
  const figures: Figure[] = [];
  const plan = {
    parts: new Set(PARTS),
    grants: 12_000,
    fewGrants: 2000,
    directory: undefined,
    starts: 1,
    memoryRefreshes: 1000,
    costRounds: 1,
    costRefreshes: 200,
    growthRefreshes: 3000,
    commitRounds: 2,
    onProgress: () => {},
  };
  for await (const figure of measureVolume(plan)) figures.push(figure);
  const named = (name: RegExp): Figure[] => figures.filter((figure) => name.test(figure.name));
  assert.equal(named(/wrong answers/).length, 4);
  assert.equal(named(/^disk per grant|^growth of the database|^peak resident memory/).length, 3);
  const missed = figures.filter((figure) => !DEPENDS_ON_SPEED.test(figure.name) && isMet(figure) === false);
  assert.deepEqual(missed, []);
  for (const { name, value } of figures) assert.ok(Number.isFinite(value), `${name} is ${value}`);
});
