import assert from 'node:assert/strict';
import { NOW_MS } from '../../support/samples.ts';
import type { OnReopened, OnStore, OnTwo } from '../register.ts';

const use = (seed: number, expiresAtMs = NOW_MS + 60_000) => ({
  digest: new Uint8Array(32).fill(seed),
  expiresAtMs,
});

/** useOnce. */
export const onceContract = (onStore: OnStore): void => {
  onStore('What is used once is used again at every later use, and nothing else is.', async (store) => {
    assert.equal(await store.useOnce(use(1), 0), 'first');
    assert.equal(await store.useOnce(use(2), 0), 'first');
    assert.equal(await store.useOnce(use(1), 0), 'again');
    // Also where it says that it lasts longer.
    assert.equal(await store.useOnce(use(1, NOW_MS + 90_000), 0), 'again');
  });

  onStore('Of uses at the same moment one is the first.', async (store) => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => store.useOnce(use(1), 0)));
    assert.deepEqual(outcomes.filter((one) => one === 'first').length, 1);
  });

  onStore(
    'A use is dropped once it expired before the moment that is named, and not earlier.',
    async (store) => {
      const [dropped, kept] = [use(1, NOW_MS - 1), use(2, NOW_MS)];
      for (const one of [dropped, kept]) await store.useOnce(one, 0);
      await store.useOnce(use(3), NOW_MS);
      assert.equal(await store.useOnce(dropped, NOW_MS), 'first');
      assert.equal(await store.useOnce(kept, NOW_MS), 'again');
    },
  );
};

export const onceConnectionContract = (onTwo: OnTwo): void => {
  onTwo('What is used at one server is used at the other.', async (one, other) => {
    assert.equal(await one.useOnce(use(1), 0), 'first');
    assert.equal(await other.useOnce(use(1), 0), 'again');
  });
};

export const onceLastingContract = (onReopened: OnReopened): void => {
  onReopened('A use survives a restart.', async (store, reopen) => {
    await store.useOnce(use(1), 0);
    const again = await reopen();
    assert.equal(await again.useOnce(use(1), 0), 'again');
  });
};
