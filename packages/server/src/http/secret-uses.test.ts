import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientSecret } from '../clients/client.ts';
import { StoreError } from '../errors.ts';
import { createSecretUses } from './secret-uses.ts';

const NOW_MS = 1_750_000_000_999;

const secret = (id: string, lastUsedAtMs?: number): ClientSecret => ({
  id,
  name: '',
  digest: Buffer.alloc(32),
  createdAtMs: NOW_MS - 86_400_000,
  expiresAtMs: undefined,
  lastUsedAtMs,
});

const watched = (answer: () => Promise<void> = async () => {}) => {
  const written: (readonly [string, string, number])[] = [];
  const uses = createSecretUses({
    noteSecretUse: (clientId, secretId, nowMs) => {
      written.push([clientId, secretId, nowMs]);
      return answer();
    },
  });
  return { uses, written };
};

test('a use is not written while the request is answered, and later once for many uses', async () => {
  const { uses, written } = watched();
  for (let times = 0; times < 5; times++) uses.note('client-a', secret('one'), NOW_MS);
  uses.note('client-b', secret('two'), NOW_MS + 5000);
  await Promise.resolve();
  assert.deepEqual(written, []);
  await uses.settle();
  assert.deepEqual(written, [
    ['client-a', 'one', NOW_MS],
    ['client-b', 'two', NOW_MS + 5000],
  ]);
  await uses.settle();
  assert.equal(written.length, 2);
});

test('a use is written when the last one noted is an hour old, and not before', async () => {
  const { uses, written } = watched();
  uses.note('client-a', secret('known', NOW_MS - 3_599_999), NOW_MS);
  uses.note('client-a', secret('old', NOW_MS - 3_600_000), NOW_MS);
  await uses.settle();
  assert.deepEqual(written, [['client-a', 'old', NOW_MS]]);
});

test('a failed write fails no request, and the next use is written again', async () => {
  const { uses, written } = watched(() => Promise.reject(new StoreError('unavailable', 'away')));
  for (let times = 1; times <= 3; times++) {
    uses.note('client-a', secret('one'), NOW_MS);
    await uses.settle();
    assert.equal(written.length, times);
  }
});
