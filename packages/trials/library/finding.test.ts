import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findGrantEvents, findGrants } from '@keyfob/server';
import type { GrantSearch } from '@keyfob/server';
import { openMemoryStore } from '@keyfob/server/stores';
import { consentTo } from '../support/consent-to.ts';
import { fill, NOW_MS, OVERLAP_POLICY, sampleGrant, sampleVehicle } from '../support/samples.ts';

const LIFETIME_MS = OVERLAP_POLICY.refreshTokenLifetimeSeconds * 1000;

/** A store with this many active grants and the three others, in the middle. */
const openFilled = async (active: number) => {
  const store = openMemoryStore();
  await fill(store, {}, { id: 1n });
  for (let id = 2n; id < active; id++) await store.createGrant(sampleGrant({ id }));
  const late = { createdAtMs: NOW_MS - LIFETIME_MS };
  await store.createGrant(sampleGrant({ id: -1n, ...late }));
  await store.createGrant(sampleGrant({ id: 1_000_000n, ...late }));
  await store.createGrant(sampleGrant({ id: 1_000_001n }));
  await store.revoke(1_000_001n, { nowMs: NOW_MS, cause: 'owner', requestId: 'request-7' });
  return { store, clock: () => NOW_MS, doubt: () => undefined };
};

type Context = Awaited<ReturnType<typeof openFilled>>;

/** Every id that is found, page by page, and how many pages it took. */
const findAll = async (context: Context, search: GrantSearch, limit: number) => {
  const ids: bigint[] = [];
  let after: bigint | undefined;
  for (let pages = 1; ; pages++) {
    const page = await findGrants(context, search, { after, limit });
    assert.ok(page.grants.length <= limit);
    ids.push(...page.grants.map(({ grant }) => grant.id));
    if (page.next === undefined) return { ids, pages };
    after = page.next;
  }
};

test('Grants are found by a status that no store knows, and a page looks at a limited number of others.', async () => {
  const context = await openFilled(12_000);
  const expired = await findAll(context, { status: 'expired' }, 10);
  assert.deepEqual(expired.ids, [-1n, 1_000_000n]);
  assert.equal(expired.pages, 3);
  assert.deepEqual((await findAll(context, { status: 'revoked' }, 1)).ids, [1_000_001n]);
  assert.equal((await findAll(context, { status: 'active' }, 700)).ids.length, 11_999);
  assert.deepEqual((await findAll(context, { status: 'in_doubt' }, 700)).ids, []);
  await context.store.close();
});

test('Grants are found by the request that changed them, with the other conditions.', async () => {
  const context = await openFilled(3);
  const search = { requestId: 'request-7' };
  assert.deepEqual((await findAll(context, search, 1)).ids, [1_000_001n]);
  assert.deepEqual((await findAll(context, { ...search, status: 'revoked' }, 1)).ids, [1_000_001n]);
  for (const other of [{ status: 'active' }, { subject: 'owner-2' }, { vin: sampleVehicle(1).vin }] as const)
    assert.deepEqual((await findAll(context, { ...search, ...other }, 1)).ids, []);
  await context.store.close();
});

test('Events about a vehicle are found from both ends, page by page.', async () => {
  const context = await openFilled(3);
  await consentTo(context.store, [sampleVehicle(1)], { grantId: 77n });
  await consentTo(context.store, [sampleVehicle(2)], { grantId: 78n });
  await context.store.revoke(77n, { nowMs: NOW_MS, cause: 'owner' });
  for (const first of ['oldest', 'newest'] as const) {
    const kinds: string[] = [];
    let after: number | undefined;
    do {
      const page = await findGrantEvents(context, { vin: sampleVehicle(1).vin }, { first, limit: 1, after });
      kinds.push(...page.events.map(({ kind, grantId }) => `${kind} ${grantId}`));
      after = page.next;
    } while (after !== undefined);
    const expected = ['grant.created 77', 'grant.revoked 77'];
    assert.deepEqual(kinds, first === 'oldest' ? expected : expected.toReversed());
  }
  await context.store.close();
});
