import assert from 'node:assert/strict';
import { CODE_RELOAD_SECONDS } from '@keyfob/server/grants';
import type { CodeResult, Store } from '@keyfob/server/stores';
import {
  CREATED_AT_MS,
  fillWithCode,
  NOW_MS,
  redeemed,
  refreshed,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleUse,
  sampleVehicle,
} from '../../support/samples.ts';
import type { OnReopened, OnStore, OnTwo } from '../register.ts';

const KEY = new Uint8Array(16).fill(7);
const OTHER_KEY = new Uint8Array(16).fill(8);
const ROUNDS = 8n;
/** Too late for a page that is loaded again. The first use is at `NOW_MS + 1000`. */
const SECOND_MS = NOW_MS + 1000 + CODE_RELOAD_SECONDS * 1000;

/** Checks both results of a race for one code: one grant, and the loser gets nothing beyond the winner's result. */
const checkRace = async (store: Store, results: readonly CodeResult[], id: bigint, loser: string) => {
  const kinds = results.map(({ verdict }) => verdict.kind).sort();
  assert.deepEqual(kinds, [loser, 'redeem'].sort());
  const grant = await store.readGrant(id);
  assert.equal(grant?.generation, 0);
  assert.equal(grant.revocation, undefined);
  assert.equal(
    (await store.listGrantEvents({ after: 0, limit: 10, grantId: id })).filter(
      ({ kind }) => kind === 'grant.created',
    ).length,
    1,
  );
};

const RACES = [
  { name: 'without an Idempotency-Key', useDigest: undefined, loser: 'refuse' },
  { name: 'with one Idempotency-Key', useDigest: KEY, loser: 'repeat' },
];

/** Concurrent calls through one connection. */
export const codeRacingContract = (onStore: OnStore): void => {
  for (const { name, useDigest, loser } of RACES)
    onStore(`A code that is presented twice at the same time creates one grant: ${name}.`, async (store) => {
      await fillWithCode(store, { vehicles: [sampleVehicle()] });
      const use = sampleCodeUse({ presented: { useDigest } });
      const results = await Promise.all([redeemed(store, use), redeemed(store, use)]);
      await checkRace(store, results, 42n, loser);
    });

  onStore('Many codes at the same time each create their own grant.', async (store) => {
    await store.createClient(sampleClient());
    const ids = Array.from({ length: 100 }, (_, index) => BigInt(index - 50));
    await Promise.all(
      ids.map((grantId) => store.createCode(sampleCode({ grantId, subject: `owner ${grantId}` }))),
    );
    const results = await Promise.all(
      ids.map((grantId) => redeemed(store, sampleCodeUse({ presented: { grantId } }))),
    );
    for (const [index, { grant }] of results.entries()) {
      assert.equal(grant?.subject, `owner ${ids[index]}`);
      assert.deepEqual(await store.readGrant(grant.id), grant);
    }
    assert.equal(await store.countGrants(), 100);
  });

  onStore(
    'Of two codes that are created with the same id at the same time, one is stored.',
    async (store) => {
      await store.createClient(sampleClient());
      const made = ['one', 'other'].map((subject) => store.createCode(sampleCode({ subject })));
      assert.deepEqual((await Promise.all(made)).sort(), ['created', 'id_taken']);
    },
  );
};

/** Two servers on one store. */
export const codeConnectionContract = (onTwo: OnTwo): void => {
  for (const { name, useDigest, loser } of RACES)
    onTwo(
      `A code that is presented through two connections at the same time creates one grant: ${name}.`,
      async (one, other) => {
        await one.createClient(sampleClient());
        for (let grantId = -ROUNDS; grantId < 0n; grantId++) {
          await one.createCode(sampleCode({ grantId, vehicles: [sampleVehicle()] }));
          const use = sampleCodeUse({ presented: { grantId, useDigest } });
          const results = await Promise.all([redeemed(one, use), redeemed(other, use)]);
          await checkRace(other, results, grantId, loser);
        }
      },
    );

  onTwo(
    'A code that is created through one connection is redeemed through the other, and the first refreshes its grant.',
    async (one, other) => {
      await fillWithCode(one);
      const { grant } = await redeemed(other);
      assert.deepEqual(await one.readGrant(42n), grant);
      assert.equal((await refreshed(one, sampleUse(0))).verdict.kind, 'rotate');
      const second = sampleCodeUse({ nowMs: SECOND_MS });
      assert.deepEqual((await redeemed(one, second)).verdict, { kind: 'replay' });
      assert.deepEqual((await refreshed(other, sampleUse(1))).verdict, { kind: 'refuse', reason: 'revoked' });
    },
  );

  onTwo(
    'A code that is redeemed while its client is disabled creates a grant or finds the client gone.',
    async (one, other) => {
      await one.createClient(sampleClient());
      for (let grantId = 0n; grantId < ROUNDS; grantId++) {
        await one.createCode(sampleCode({ grantId }));
        const use = sampleCodeUse({ presented: { grantId } });
        const [result] = await Promise.all([
          other.redeemCode(use),
          one.changeClient('client-a', { disabledAtMs: CREATED_AT_MS }),
        ]);
        assert.equal((await one.readGrant(grantId)) === undefined, result === 'client_gone');
        for (const store of [one, other]) assert.equal(await store.redeemCode(use), 'client_gone');
        await one.changeClient('client-a', { disabledAtMs: null });
      }
    },
  );

  onTwo('A client that is removed while its code is redeemed leaves nothing behind.', async (one, other) => {
    for (let grantId = 0n; grantId < ROUNDS; grantId++) {
      await one.createClient(sampleClient());
      await one.createCode(sampleCode({ grantId, vehicles: [sampleVehicle()] }));
      await Promise.all([
        other.redeemCode(sampleCodeUse({ presented: { grantId } })),
        one.removeClient('client-a', { withGrants: true }),
      ]);
      assert.equal(await other.countGrants(), 0);
      assert.deepEqual(await other.listVehicles(grantId), []);
      assert.deepEqual(await other.listConsents('owner-1', { limit: 10 }), []);
    }
  });
};

/** Everything that is stored about the grant of the sample code. */
const read = async (from: Store) => ({
  grant: await from.readGrant(42n),
  vehicles: await from.listVehicles(42n),
  consents: await from.listConsents('owner-1', { limit: 10 }),
  grantEvents: await from.listGrantEvents({ after: 0, limit: 10 }),
});

export const codeLastingContract = (onReopened: OnReopened): void => {
  onReopened('A code and its state survive closing and reopening the store.', async (store, reopen) => {
    const vehicles = [sampleVehicle(1, { nickname: '우리 차' })];
    await fillWithCode(store, { brand: 'kia', vehicles });
    const presented = { brand: 'kia', useDigest: KEY } as const;
    const use = sampleCodeUse({ presented });
    const second = await reopen();
    const { grant } = await redeemed(second, use);
    const before = await read(second);
    assert.deepEqual([before.grant, before.consents, before.vehicles], [grant, [grant], vehicles]);
    const third = await reopen();
    assert.deepEqual(await read(third), before);
    assert.deepEqual((await redeemed(third, use)).verdict, { kind: 'repeat' });
    const other = sampleCodeUse({ nowMs: SECOND_MS, presented: { ...presented, useDigest: OTHER_KEY } });
    assert.deepEqual((await redeemed(await reopen(), other)).verdict, { kind: 'replay' });
  });

  onReopened(
    'Grant events continue their numbers after the store is opened again.',
    async (store, reopen) => {
      await fillWithCode(store);
      await redeemed(store);
      const again = await reopen();
      await again.revoke(42n, { nowMs: CREATED_AT_MS, cause: 'owner' });
      const [first, second] = await again.listGrantEvents({ after: 0, limit: 10 });
      assert.ok(first !== undefined && second !== undefined && second.sequence > first.sequence);
      assert.notEqual(first.id, second.id);
    },
  );
};
