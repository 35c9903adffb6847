import assert from 'node:assert/strict';
import { SESSION_KEPT_SECONDS } from '@keyfob/server/grants';
import { NOW_MS } from '../../support/samples.ts';
import type { OnReopened, OnStore, OnTwo } from '../register.ts';

const session = (seed: number, startedAtMs = NOW_MS) => ({
  digest: new Uint8Array(32).fill(seed),
  startedAtMs,
});

/** createSession, hasSession and endSession. */
export const sessionContract = (onStore: OnStore): void => {
  onStore('A session is there from its creation to its end, and no other is.', async (store) => {
    const [one, other] = [session(1), session(2)];
    assert.equal(await store.hasSession(one.digest), false);
    for (const each of [one, other, one]) await store.createSession(each);
    await store.endSession(one.digest);
    assert.deepEqual(await Promise.all([one, other].map(({ digest }) => store.hasSession(digest))), [
      false,
      true,
    ]);
    await store.endSession(one.digest);
  });

  onStore('Sessions that started long ago are dropped when another one starts.', async (store) => {
    const ageMs = SESSION_KEPT_SECONDS * 1000;
    const [dropped, kept] = [session(1, NOW_MS - ageMs - 1), session(2, NOW_MS - ageMs)];
    for (const each of [dropped, kept, session(3)]) await store.createSession(each);
    assert.equal(await store.hasSession(dropped.digest), false);
    assert.equal(await store.hasSession(kept.digest), true);
  });
};

export const sessionConnectionContract = (onTwo: OnTwo): void => {
  onTwo('A session that ends at one server has ended at the other.', async (one, other) => {
    const { digest, startedAtMs } = session(1);
    await one.createSession({ digest, startedAtMs });
    assert.equal(await other.hasSession(digest), true);
    await other.endSession(digest);
    assert.equal(await one.hasSession(digest), false);
  });
};

export const sessionLastingContract = (onReopened: OnReopened): void => {
  onReopened('A session, and the end of another, survive a restart.', async (store, reopen) => {
    for (const seed of [1, 2]) await store.createSession(session(seed));
    await store.endSession(session(2).digest);
    const again = await reopen();
    assert.equal(await again.hasSession(session(1).digest), true);
    assert.equal(await again.hasSession(session(2).digest), false);
  });
};
