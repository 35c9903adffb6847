import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClockSource } from '../clock-source.ts';
import { OperatorError } from '../errors.ts';
import { pruneGrants } from './prune-grants.ts';

const DAY_MS = 86_400_000;
const T = Date.UTC(2026, 0, 1);

/** Prunes with a clock that shows `nowMs`, on a store in which a server noted `seenAtMs`. */
const pruneAt = async (nowMs: number, seenAtMs: number | undefined, isForced = false) => {
  const asked: number[] = [];
  const store = {
    countGrants: () => Promise.resolve(1),
    listGrants: () => Promise.reject(new Error('only a dry run lists')),
    readClient: () => Promise.reject(new Error('only a dry run reads')),
    prune({ endedBeforeMs }: { readonly endedBeforeMs: number }) {
      asked.push(endedBeforeMs);
      return Promise.resolve({ pruned: 0, next: undefined });
    },
  };
  const time = createClockSource({ wall: () => nowMs, monotonic: () => 0, seenAtMs, emit: () => {} });
  await pruneGrants({ store, time }, { olderThanMs: 90 * DAY_MS, isForced, onProgress: () => {} });
  return asked;
};

test('a clock that the store does not contradict decides what ended long ago', async () => {
  for (const seenAtMs of [undefined, T - 60_000, T + 60_000])
    assert.deepEqual(await pruneAt(T, seenAtMs), [T - 90 * DAY_MS]);
});

test('a stop of up to a day counts as not passed', async () => {
  assert.deepEqual(await pruneAt(T + DAY_MS, T), [T - 90 * DAY_MS]);
});

test('a clock that is 200 days ahead of the store is refused, unless somebody insists', async () => {
  const late = T + 200 * DAY_MS;
  await assert.rejects(pruneAt(late, T), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.equal(error.code, 'clock_in_doubt');
    assert.match(error.message, /2026-07-20T.* by this clock.*2026-01-01T.*, 200 days before/);
    assert.match(error.remedy, /--force/);
    return true;
  });
  assert.deepEqual(await pruneAt(late, T, true), [late - 90 * DAY_MS]);
});

test('a clock that is 200 days behind the store removes what the store knows to be old', async () => {
  assert.deepEqual(await pruneAt(T - 200 * DAY_MS, T), [T - 90 * DAY_MS]);
});
