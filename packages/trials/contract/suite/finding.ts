import assert from 'node:assert/strict';
import type { GrantEventFilter, GrantFilter, Store } from '@keyfob/server/stores';
import { consentTo } from '../../support/consent-to.ts';
import { CREATED_AT_MS, NOW_MS, sampleClient, sampleGrant, sampleVehicle } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const [CAR, OTHER_CAR, NO_CAR] = [sampleVehicle(1), sampleVehicle(2), sampleVehicle(3)];
const LONG = 'o'.repeat(3000);

/** Two clients; owners with one and with two cars; two grants that are revoked, and one by an operator without cars. */
const fillWithOwners = async (store: Store): Promise<void> => {
  for (const id of ['client-a', 'client-b']) await store.createClient(sampleClient({ id }));
  await consentTo(store, [CAR], { grantId: -5n, subject: 'owner-1' });
  await consentTo(store, [CAR, OTHER_CAR], { grantId: 1n, subject: 'owner-1', clientId: 'client-b' });
  await consentTo(store, [OTHER_CAR], { grantId: 2n, subject: 'owner-2' });
  await consentTo(store, [CAR], { grantId: 3n, subject: LONG });
  await store.createGrant(sampleGrant({ id: 4n, subject: 'owner-1' }), { nowMs: CREATED_AT_MS });
  await store.revoke(-5n, { nowMs: NOW_MS + 2000, cause: 'owner', requestId: 'request-of-owner' });
  await store.revoke(2n, { nowMs: NOW_MS + 3000, cause: 'operator' });
};

/** The ids of the grants that a filter finds: the same with every page size. */
const grantsFound = async (store: Store, filter: GrantFilter): Promise<readonly bigint[]> => {
  const whole = (await store.listGrants({ ...filter, limit: 100 })).map(({ id }) => id);
  const paged: bigint[] = [];
  for (;;) {
    const [next] = await store.listGrants({ ...filter, after: paged.at(-1), limit: 1 });
    if (next === undefined) break;
    paged.push(next.id);
  }
  assert.deepEqual(paged, whole);
  return whole;
};

/** The kinds and grants of the events that a filter finds: the same from both ends and with every page size. */
const eventsFound = async (store: Store, filter: GrantEventFilter): Promise<readonly string[]> => {
  const whole = await store.listGrantEvents({ ...filter, limit: 100 });
  for (const first of ['oldest', 'newest'] as const) {
    const paged: (typeof whole)[number][] = [];
    for (;;) {
      const page = await store.listGrantEvents({ ...filter, first, after: paged.at(-1)?.sequence, limit: 2 });
      if (page.length === 0) break;
      paged.push(...page);
    }
    assert.deepEqual(first === 'oldest' ? paged : paged.toReversed(), whole);
  }
  return whole.map(({ kind, grantId }) => `${kind} ${grantId}`);
};

const GRANTS: readonly (readonly [GrantFilter, readonly bigint[]])[] = [
  [{}, [-5n, 1n, 2n, 3n, 4n]],
  [{ subject: 'owner-1' }, [-5n, 1n, 4n]],
  [{ subject: LONG }, [3n]],
  [{ subject: 'owner-1', clientId: 'client-b' }, [1n]],
  [{ subject: 'owner-1', vin: OTHER_CAR.vin }, [1n]],
  [{ subject: 'owner-1', isRevoked: true }, [-5n]],
  [{ subject: 'owner-1', isRevoked: false, clientId: 'client-a' }, [4n]],
  [{ subject: 'Owner-1' }, []],
  [{ subject: 'owner-1\0' }, []],
  [{ vin: CAR.vin }, [-5n, 1n, 3n]],
  [{ vin: CAR.vin, isRevoked: false }, [1n, 3n]],
  [{ vin: OTHER_CAR.vin, clientId: 'client-a' }, [2n]],
  [{ vin: NO_CAR.vin }, []],
  [{ vin: `${CAR.vin}\0` }, []],
  [{ clientId: 'client-a', isRevoked: true }, [-5n, 2n]],
  [{ clientId: 'client-a', isRevoked: false }, [3n, 4n]],
  [{ isRevoked: true }, [-5n, 2n]],
  [{ createdSinceMs: NOW_MS }, [-5n, 1n, 2n, 3n]],
  [{ createdSinceMs: CREATED_AT_MS + 1, clientId: 'client-b' }, [1n]],
  [{ createdSinceMs: NOW_MS + 10_000 }, []],
];

const EVENTS: readonly (readonly [GrantEventFilter, readonly string[]])[] = [
  [{ subject: 'owner-2' }, ['grant.created 2', 'grant.revoked 2']],
  [{ subject: LONG }, ['grant.created 3']],
  [{ subject: `${LONG}x` }, []],
  [{ subject: 'owner-1', clientId: 'client-b' }, ['grant.created 1']],
  [{ subject: 'owner-1', grantId: 2n }, []],
  [{ requestId: 'request-of-owner' }, ['grant.revoked -5']],
  [{ requestId: 'request-of-owner', clientId: 'client-b' }, []],
  [{ requestId: 'request-of-owner\0' }, []],
  [{ sinceMs: NOW_MS + 2000 }, ['grant.revoked -5', 'grant.revoked 2']],
  [{ sinceMs: NOW_MS + 2001, grantId: 2n }, ['grant.revoked 2']],
];

export const findingContract = (onStore: OnStore): void => {
  onStore(
    'Grants are found by owner, vehicle, client, revocation and age, together and page by page.',
    async (store) => {
      await fillWithOwners(store);
      for (const [filter, ids] of GRANTS)
        assert.deepEqual(await grantsFound(store, filter), ids, JSON.stringify(filter).slice(0, 99));
    },
  );

  onStore('A grant is found by the vehicles that it covers now, until it is removed.', async (store) => {
    await fillWithOwners(store);
    const auditContext = { nowMs: NOW_MS + 5000 };
    await store.selectVehicles(1n, [OTHER_CAR, NO_CAR], auditContext);
    assert.deepEqual(await grantsFound(store, { vin: CAR.vin }), [-5n, 3n]);
    assert.deepEqual(await grantsFound(store, { vin: NO_CAR.vin }), [1n]);
    await store.disconnectVehicles(1n, 'all', { ...auditContext, endsWhenEmpty: false });
    assert.deepEqual(await grantsFound(store, { vin: NO_CAR.vin }), []);
    await store.prune({ limit: 10, endedBeforeMs: NOW_MS + 10_000 });
    assert.deepEqual(await grantsFound(store, { vin: CAR.vin }), [3n]);
    await store.removeClient('client-a', { withGrants: true });
    assert.deepEqual(await grantsFound(store, { vin: CAR.vin }), []);
  });

  onStore('Grant events are found by owner, request, grant and time, from both ends.', async (store) => {
    await fillWithOwners(store);
    assert.equal((await eventsFound(store, {})).length, 7);
    for (const [filter, events] of EVENTS)
      assert.deepEqual(await eventsFound(store, filter), events, String(filter.requestId ?? filter.clientId));
  });
};
