import assert from 'node:assert/strict';
import type { Policy } from '@keyfob/server/clients';
import type { Grant, Presented, Verdict } from '@keyfob/server/grants';
import { fill, NOW_MS, refreshed, sampleClient, sampleUse } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** A presentation of a token of a grant that was rotated once, at `NOW_MS`, and its verdict. */
type Case = {
  readonly name: string;
  readonly policy?: Partial<Policy>;
  readonly grant?: Partial<Grant>;
  readonly generation: number;
  readonly laterMs: number;
  readonly presented?: Partial<Presented>;
  readonly isRevoked?: boolean;
  readonly verdict: Verdict;
};

const DIGEST = new Uint8Array(16).fill(9);
const STRICT = { rotation: 'strict', overlapSeconds: 0 } as const;
const refuse = (reason: (Verdict & { kind: 'refuse' })['reason']): Verdict => ({ kind: 'refuse', reason });
const repeat = (cause: (Verdict & { kind: 'repeat' })['cause']): Verdict => ({ kind: 'repeat', cause });

const CASES: readonly Case[] = [
  { name: 'overlap', generation: 0, laterMs: 59_999, verdict: repeat('overlap') },
  {
    name: 'until used',
    policy: { rotation: 'until-used' },
    generation: 0,
    laterMs: 1e8,
    verdict: repeat('until_used'),
  },
  {
    name: 'same use',
    policy: STRICT,
    generation: 0,
    laterMs: 1e8,
    presented: { useDigest: DIGEST },
    verdict: repeat('same_use'),
  },
  {
    name: 'retry of ours',
    policy: STRICT,
    generation: 0,
    laterMs: 1e8,
    presented: { isRetryOfOurs: true },
    verdict: repeat('same_use'),
  },
  {
    name: 'narrower scope',
    generation: 0,
    laterMs: 1,
    presented: { scope: 'read_charge' },
    verdict: repeat('overlap'),
  },
  {
    name: 'wider scope',
    generation: 1,
    laterMs: 1,
    presented: { scope: 'read_odometer control_security' },
    verdict: refuse('scope_not_allowed'),
  },
  {
    name: 'wider scope of a repeat',
    generation: 0,
    laterMs: 1,
    presented: { scope: 'control_security' },
    verdict: refuse('scope_not_allowed'),
  },
  { name: 'concurrent_use', policy: STRICT, generation: 0, laterMs: 9999, verdict: refuse('concurrent_use') },
  {
    name: 'concurrent_use after the overlap',
    generation: 0,
    laterMs: 69_999,
    verdict: refuse('concurrent_use'),
  },
  { name: 'unknown', generation: 0, laterMs: 1, presented: { grantId: -42n }, verdict: refuse('unknown') },
  {
    name: 'foreign client',
    generation: 1,
    laterMs: 1,
    presented: { clientId: 'client-b' },
    verdict: refuse('client_mismatch'),
  },
  {
    name: 'foreign brand',
    grant: { brand: 'kia' },
    generation: 1,
    laterMs: 1,
    presented: { brand: 'hyundai' },
    verdict: refuse('brand_mismatch'),
  },
  { name: 'revoked', generation: 1, laterMs: 1, isRevoked: true, verdict: refuse('revoked') },
  { name: 'expired', generation: 1, laterMs: 5_184_000_000, verdict: refuse('expired') },
  {
    name: 'expired with its grant',
    policy: { grantLifetimeSeconds: 86_460 },
    generation: 1,
    laterMs: 60_000,
    verdict: refuse('expired'),
  },
  { name: 'ahead', policy: { resyncGenerations: 2 }, generation: 4, laterMs: 1, verdict: refuse('ahead') },
  {
    name: 'replay that is only refused',
    policy: { onReplay: 'refuse' },
    generation: 0,
    laterMs: 70_000,
    verdict: { kind: 'replay', gap: 1, response: 'refuse' },
  },
  {
    name: 'replay that is only observed',
    policy: { onReplay: 'observe' },
    generation: 0,
    laterMs: 70_000,
    verdict: { kind: 'replay', gap: 1, response: 'observe' },
  },
];

/** The verdicts that do not change a grant: a store applies only what `judge` decides. */
export const verdictContract = (onStore: OnStore): void => {
  for (const { name, policy, grant, generation, laterMs, presented, isRevoked, verdict } of CASES) {
    onStore(`The verdict "${name}" does not change the grant.`, async (store) => {
      await fill(store, policy, grant);
      await store.createClient(sampleClient({ id: 'client-b' }));
      const brand = grant?.brand;
      await store.refresh(sampleUse(0, { presented: { brand, useDigest: DIGEST } }));
      if (isRevoked === true) await store.revoke(42n, { nowMs: 1 * 1000, cause: 'operator' });
      const before = await store.readGrant(42n);
      const use = sampleUse(generation, {
        nowMs: NOW_MS + laterMs,
        keyNumber: 2,
        presented: { brand, ...presented },
      });
      const result = await refreshed(store, use);
      assert.deepEqual(result.verdict, verdict);
      assert.deepEqual(result.grant, name === 'unknown' ? undefined : before);
      assert.deepEqual(await store.readGrant(42n), before);
      assert.equal(before?.generation, 1);
    });
  }

  onStore('The verdict "not rotated" does not change the grant.', async (store) => {
    await fill(store, { rotation: 'none' });
    const before = await store.readGrant(42n);
    const result = await refreshed(store, sampleUse(0, { keyNumber: 2 }));
    assert.deepEqual(result.verdict, repeat('not_rotated'));
    assert.deepEqual(result.grant, before);
    assert.deepEqual(await store.readGrant(42n), before);
  });
};
