import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConsentHold, Store } from '@keyfob/keeper/stores';
import { bounds, bytes, newPut } from './rows.ts';
import type { OpenForContract } from './rows.ts';

const LEASE_MS = 60_000;
const holdOf = (state: string, owner: string): ConsentHold => ({ digest: bytes(state), owner });
const claim = (
  store: Store,
  hold: ConsentHold,
  more: { leaseMs?: number; keepMs?: number; rowsMax?: number } = {},
) => store.claimConsent({ ...hold, leaseMs: LEASE_MS, keepMs: LEASE_MS, rowsMax: 100, ...more });

/** The states of consents with which owners came back. */
export const describeConsenting = (name: string, open: OpenForContract): void => {
  describe(`${name}: consents`, () => {
    it('of two nodes that get a state at once, one may exchange its code', async (scope) => {
      const { store, again } = await open(scope);
      const other = await again();
      const claims = await Promise.all([claim(store, holdOf('s', 'a')), claim(other, holdOf('s', 'b'))]);
      assert.equal(claims.filter((one) => one?.isTaken).length, 1);
      assert.equal((await other.readConsent(bytes('s')))?.isSent, false);
      assert.equal(await store.readConsent(bytes('none')), undefined);
    });

    it('a holder that has ended before it sent is followed by another one, and sends no more', async (scope) => {
      const { store } = await open(scope);
      await claim(store, holdOf('s', 'a'), { leaseMs: 0 });
      assert.equal((await claim(store, holdOf('s', 'b')))?.isTaken, true);
      assert.equal(await store.noteConsentSent(holdOf('s', 'a'), LEASE_MS), false);
      assert.equal(await store.noteConsentSent(holdOf('s', 'b'), LEASE_MS), true);
    });

    it('a code that may have left is not sent by anybody else, however long ago that was', async (scope) => {
      const { store } = await open(scope);
      await claim(store, holdOf('s', 'a'));
      assert.equal(await store.noteConsentSent(holdOf('s', 'a'), 0), true);
      const later = await claim(store, holdOf('s', 'b'));
      assert.deepEqual([later?.isTaken, later?.consent.isSent], [false, true]);
    });

    it('how it ended is there for every node, and stays', async (scope) => {
      const { store, again } = await open(scope);
      await claim(store, holdOf('s', 'a'));
      await store.endConsent(holdOf('s', 'b'), 'refused', 'of another');
      await store.endConsent(holdOf('s', 'a'), 'refused', 'invalid_grant');
      await store.endConsent(holdOf('s', 'a'), 'unanswered', 'later');
      await store.releaseConsent(holdOf('s', 'a'));
      assert.equal(await store.noteConsentSent(holdOf('s', 'a'), LEASE_MS), false);
      const seen = await claim(await again(), holdOf('s', 'c'));
      assert.deepEqual([seen?.consent.outcome, seen?.consent.code], ['refused', 'invalid_grant']);
    });

    it('a pair that is kept ends it in the same transaction, and one that is refused does not', async (scope) => {
      const { store } = await open(scope);
      await store.put(newPut('car', 'token'));
      await claim(store, holdOf('s', 'a'));
      const put = { ...newPut('other', 'token', { mayLink: false }), consent: bytes('s') };
      assert.equal((await store.put(put)).status, 'held');
      assert.equal((await store.readConsent(bytes('s')))?.outcome, undefined);
      await store.put({ ...newPut('other', 'new'), consent: bytes('s') });
      assert.equal((await store.readConsent(bytes('s')))?.outcome, 'connected');
    });

    it('a code that was certainly not used is given back', async (scope) => {
      const { store } = await open(scope);
      await claim(store, holdOf('s', 'a'));
      await store.noteConsentSent(holdOf('s', 'a'), LEASE_MS);
      await store.releaseConsent(holdOf('s', 'b'));
      assert.equal((await claim(store, holdOf('s', 'c')))?.isTaken, false);
      await store.releaseConsent(holdOf('s', 'a'));
      assert.equal((await claim(store, holdOf('s', 'c')))?.isTaken, true);
    });

    it('there are only so many, and those that have ended make room', async (scope) => {
      const { store } = await open(scope);
      await claim(store, holdOf('s1', 'a'), { rowsMax: 2 });
      await claim(store, holdOf('s2', 'a'), { rowsMax: 2 });
      assert.equal(await claim(store, holdOf('s3', 'a'), { rowsMax: 2 }), undefined);
      assert.equal((await claim(store, holdOf('s1', 'b'), { rowsMax: 2 }))?.isTaken, false, 'it is known');
      await claim(store, holdOf('s3', 'a'), { keepMs: 0 });
      await claim(store, holdOf('s4', 'a'));
      assert.equal(await store.readConsent(bytes('s3')), undefined);
    });

    it('pruning removes those whose ticket has ended, and no others', async (scope) => {
      const { store } = await open(scope);
      await claim(store, holdOf('s1', 'a'), { keepMs: 0 });
      await claim(store, holdOf('s2', 'a'));
      await store.prune(bounds());
      assert.equal(await store.readConsent(bytes('s1')), undefined);
      assert.notEqual(await store.readConsent(bytes('s2')), undefined);
    });
  });
};
