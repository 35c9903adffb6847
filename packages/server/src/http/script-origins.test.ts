import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../errors.ts';
import { createScriptOrigins } from './script-origins.ts';

const openOrigins = () => {
  const state = { uris: ['https://app.example/callback'], isAway: false, reads: 0, nowMs: 0 };
  const store = {
    async listPublicRedirectUris() {
      state.reads++;
      if (state.isAway) throw new StoreError('unavailable', 'away');
      return state.uris;
    },
  };
  return { state, origins: createScriptOrigins(store, () => state.nowMs) };
};

void test('any number of requests, of any origins, read the store once in five seconds', async () => {
  const { state, origins } = openOrigins();
  const asked = Array.from({ length: 100 }, (_, index) => `https://app${index || ''}.example`);
  const found = await Promise.all(asked.map((origin) => origins.has(origin)));
  assert.deepEqual(
    found.map((isFound, index) => isFound && index),
    [0, ...Array.from({ length: 99 }, () => false)],
  );
  state.nowMs = 4999;
  assert.equal(await origins.has('https://other.example'), false);
  assert.equal(state.reads, 1);
});

void test('a new origin counts after five seconds, and one that was removed counts no more', async () => {
  const { state, origins } = openOrigins();
  assert.equal(await origins.has('https://app.example'), true);
  state.uris = ['https://new.example/'];
  state.nowMs = 5000;
  assert.equal(await origins.has('https://new.example'), true);
  assert.equal(await origins.has('https://app.example'), false);
});

void test('during an outage the origins stay as they were, and the store is asked no more often', async () => {
  const { state, origins } = openOrigins();
  await origins.has('https://app.example');
  state.isAway = true;
  state.nowMs = 5000;
  assert.equal(await origins.has('https://app.example'), true);
  assert.equal(await origins.has('https://app.example'), true);
  assert.equal(state.reads, 2);
});

void test('an outage at the start is an outage', async () => {
  const { state, origins } = openOrigins();
  state.isAway = true;
  await assert.rejects(origins.has('https://app.example'), StoreError);
  state.isAway = false;
  assert.equal(await origins.has('https://app.example'), true);
});
