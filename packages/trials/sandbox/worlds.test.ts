import assert from 'node:assert/strict';
import test from 'node:test';
import { createGrantIn } from '@keyfob/sandbox';
import { call, openSandbox } from './support.ts';

test('the same seed gives the same clients, secrets and grants', async (t) => {
  const sandbox = await openSandbox(t);
  const [one, other] = await Promise.all([
    sandbox.createWorld({ seed: 'alike', clock: '2026-01-01' }),
    sandbox.createWorld({ seed: 'alike', clock: '2026-01-01' }),
  ]);
  assert.deepEqual(one.clients.list(), other.clients.list());
  const [first, second] = await Promise.all([createGrantIn(one), createGrantIn(other)]);
  assert.equal(first.refreshToken, second.refreshToken);
});

test('another seed gives other secrets, and its tokens are unknown in the first world', async (t) => {
  const sandbox = await openSandbox(t);
  const [one, other] = await Promise.all([
    sandbox.createWorld({ seed: 'one' }),
    sandbox.createWorld({ seed: 'other' }),
  ]);
  assert.notEqual(one.clients.find('smartcar')?.clientSecret, other.clients.find('smartcar')?.clientSecret);
  const { refreshToken } = await createGrantIn(other);
  const { body } = await call(sandbox.url, 'POST', `/worlds/${one.id}/holds`, { token: refreshToken });
  assert.equal(body['kind'], 'unknown');
});

test('an unknown field is refused with the nearest known one', async (t) => {
  const sandbox = await openSandbox(t);
  const { status, body } = await call(sandbox.url, 'POST', '/worlds', { clok: '2026-01-01' });
  assert.equal(status, 400);
  assert.match(String(body['detail']), /unknown field clok, did you mean clock\?/);
});
