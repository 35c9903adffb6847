import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReconnecting } from './reconnecting.ts';

const away = new Error('connect ECONNREFUSED');

test('while connecting fails, all callers share one attempt, and the first that works serves all', async () => {
  const released: string[] = [];
  const reconnecting = createReconnecting<string>((connection) => void released.push(connection));
  let attempts = 0;
  let isAway = true;
  const connect = async (): Promise<string> => {
    attempts++;
    if (isAway) throw away;
    return 'a connection';
  };
  await assert.rejects(reconnecting(connect), away);
  const waiting = await Promise.allSettled(Array.from({ length: 20 }, () => reconnecting(connect)));
  assert.ok(waiting.every(({ status }) => status === 'rejected'));
  assert.equal(attempts, 2);
  isAway = false;
  const served = await Promise.all(Array.from({ length: 3 }, () => reconnecting(connect)));
  assert.deepEqual(served, Array(3).fill('a connection'));
  assert.deepEqual(released, ['a connection']);
  assert.equal(attempts, 6);
  await reconnecting(connect);
  assert.equal(attempts, 7);
});

test('a pool whose connections are all in use is not a reason to wait for the database', async () => {
  const reconnecting = createReconnecting<string>(() => {});
  const full = new Error('timeout exceeded when trying to connect');
  await assert.rejects(
    reconnecting(() => Promise.reject(full)),
    full,
  );
  let attempts = 0;
  await reconnecting(async () => `${++attempts}`);
  assert.equal(attempts, 1);
});
