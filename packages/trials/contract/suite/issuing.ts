import assert from 'node:assert/strict';
import { CREATED_AT_MS, fill, fillWithCode, NOW_MS, redeemed, refreshed } from '../../support/samples.ts';
import { sampleCodeUse, sampleUse, STRICT_POLICY } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** How a store issues the tokens of a use. */
export const issuingContract = (onStore: OnStore): void => {
  onStore('Tokens are issued from the result of a use before the store returns it.', async (store) => {
    await fill(store);
    const issued: unknown[] = [];
    const result = await store.refresh(sampleUse(0), async (one) => void issued.push(one));
    assert.deepEqual(issued, [result]);
    await store.changeClient('client-a', { disabledAtMs: CREATED_AT_MS });
    assert.equal(await store.refresh(sampleUse(1), () => assert.fail('issued')), 'client_gone');
  });

  onStore('A refresh whose tokens cannot be issued fails, and its retry is a repeat.', async (store) => {
    await fill(store, STRICT_POLICY);
    const failure = new Error('the key is missing');
    await assert.rejects(
      async () => store.refresh(sampleUse(0), () => Promise.reject(failure)),
      (error) => error === failure,
    );
    assert.equal((await store.readGrant(42n))?.generation, 1);
    const retry = sampleUse(0, { nowMs: NOW_MS + 3_600_000, presented: { isRetryOfOurs: true } });
    await assert.rejects(
      async () => store.refresh(retry, () => Promise.reject(failure)),
      (error) => error === failure,
    );
    assert.deepEqual((await refreshed(store, retry)).verdict, { kind: 'repeat', cause: 'same_use' });
    assert.equal((await store.readGrant(42n))?.generation, 1);
  });

  onStore('A code whose tokens cannot be issued fails, and its retry is a repeat.', async (store) => {
    await fillWithCode(store);
    const failure = new Error('the key is missing');
    await assert.rejects(
      store.redeemCode(sampleCodeUse(), () => Promise.reject(failure)),
      (error) => error === failure,
    );
    const retry = sampleCodeUse({ presented: { isRetryOfOurs: true } });
    const { verdict, grant } = await redeemed(store, retry);
    assert.deepEqual([verdict.kind, grant?.revocation], ['repeat', undefined]);
  });
};
