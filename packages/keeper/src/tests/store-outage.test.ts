import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StoreError, UnavailableError } from '../errors.ts';
import { failureOf } from '../cli/finish.ts';
import { open, pair } from './open-keeper.cases.ts';
import { refreshConnection } from '../operations/refresh-connection.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import type { Store, StoreOpener } from '../stores/store.ts';
import { systemClock } from '../time.ts';

/** A keeper whose store can be taken away: then every verb of it fails. */
const openFailing = async () => {
  const state = { isAway: false };
  const opener: StoreOpener = async (clock) =>
    new Proxy(await memoryStore()(clock), {
      get(store, verb: keyof Store) {
        const value = store[verb];
        if (typeof value !== 'function' || verb === 'nowMs' || verb === 'latest' || verb === 'close')
          return value;
        return (...given: never[]) =>
          state.isAway
            ? Promise.reject(new StoreError('unavailable', 'the database is away'))
            : Reflect.apply(value, store, given);
      },
    });
  const { keeper } = await open(pair, { store: opener });
  await keeper.put('car', 'cars', { refreshToken: 'R' });
  state.isAway = true;
  return { keeper, state };
};

const reasonOf = (error: unknown): string => {
  if (error instanceof UnavailableError) return error.reason;
  return error instanceof StoreError ? error.code : String(error);
};

describe('while the store is away', () => {
  it('every question about a token has the same answer, and every other verb the same error', async () => {
    const { keeper, state } = await openFailing();
    const { reason, retryAtMs = 0 } = await keeper
      .refresh('car')
      .then((one) => ({ ...one, reason: `${one.kind} ${one.reason}` }));
    assert.equal(reason, 'later store_unavailable');
    assert.ok(retryAtMs > 0);
    const result = await keeper.tryToken('car');
    assert.deepEqual(
      [result.status, 'reason' in result && result.reason],
      ['unavailable', 'store_unavailable'],
    );
    const failing: readonly (() => Promise<unknown>)[] = [
      () => keeper.token('car'),
      () => keeper.fetch('car')('https://api.example/'),
      () => keeper.authorizer('car').authorize(),
      () => keeper.put('car', 'cars', { refreshToken: 'other' }),
      () => keeper.putMany([{ name: 'car', client: 'cars', tokens: { refreshToken: 'other' } }]),
      () => keeper.disconnect('car'),
      () => keeper.list(),
      () => keeper.inspect('car'),
      () => keeper.timeline('car'),
      () => keeper.counts(),
      () => keeper.forecastDue(),
      () => keeper.forecastEnds(),
      () => keeper.rekey(),
    ];
    for (const ask of failing)
      assert.equal(await ask().then(String, reasonOf), 'store_unavailable', ask.toString());
    await keeper.turn();
    state.isAway = false;
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
  });

  it('a command says so, and an answer that refuses a token is passed on where nothing is known of its provider', async () => {
    const { keeper } = await openFailing();
    const { outcome, why } = await refreshConnection(keeper, 'car', Date.now());
    assert.deepEqual([outcome, why.slice(0, 28)], ['later', 'The store cannot be reached.']);
    const failure = failureOf(await keeper.list().catch((error: unknown) => error));
    assert.deepEqual([failure.code, failure.exit], ['store_unavailable', 1]);
    const refusing = { status: 403, json: () => ({}) };
    assert.equal(await keeper.authorizer('car').onRejected('Bearer a', refusing), undefined);
  });
});

describe('an answer that the store refuses', () => {
  it('is offered by one loop, however often its row is looked at meanwhile', async (scope) => {
    const directory = mkdtempSync(join(tmpdir(), 'keeper-spool-'));
    scope.after(() => rmSync(directory, { recursive: true, force: true }));
    let isAway = false;
    const store = await memoryStore()(systemClock);
    const opener: StoreOpener = async () => ({
      ...store,
      spoolDirectory: directory,
      async settle(...args) {
        if (isAway) throw new StoreError('unavailable', 'the store is read only');
        return store.settle(...args);
      },
    });
    const log: string[] = [];
    const { keeper, sent } = await open(pair, {
      store: opener,
      log: ({ event }) => void log.push(event),
    });
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    isAway = true;
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
    for (let times = 0; times < 5; times++) await keeper.turn();
    // Each look is a refresh that ends in the background.
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
    isAway = false;
    await keeper.close();
    assert.deepEqual(
      ['answer.spooled', 'answer.saved_late'].map((event) => log.filter((one) => one === event).length),
      [1, 1],
    );
    assert.equal(sent.length, 1);
  });
});
