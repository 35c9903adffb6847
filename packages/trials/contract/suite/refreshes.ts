import assert from 'node:assert/strict';
import { ROTATIONS_MAX } from '@keyfob/server/grants';
import { GENERATION_MAX } from '@keyfob/server/tokens';
import {
  CALLER,
  CREATED_AT_MS,
  fill,
  NOW_MS,
  OTHER_CALLER,
  OVERLAP_POLICY,
  refreshed,
} from '../../support/samples.ts';
import { sampleGrant, sampleUse } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const DIGEST = Uint8Array.from({ length: 16 }, (_, index) => index);

/** What a refresh stores. */
export const refreshContract = (onStore: OnStore): void => {
  rotations(onStore);
  boundaries(onStore);
  clientsGone(onStore);
  replays(onStore);
};

const rotations = (onStore: OnStore): void => {
  onStore('A rotation stores generation, time, key, use digest and caller.', async (store) => {
    await fill(store);
    const use = sampleUse(0, { keyNumber: 7, caller: OTHER_CALLER, presented: { useDigest: DIGEST } });
    const result = await refreshed(store, use);
    const grant = sampleGrant({
      generation: 1,
      keyNumber: 7,
      rotatedAtMs: [NOW_MS],
      rotatedBy: OTHER_CALLER,
      useDigest: DIGEST,
    });
    const nothing = { replay: undefined, clockFault: undefined };
    const answer = { verdict: { kind: 'rotate' }, grant, policy: OVERLAP_POLICY, ...nothing };
    assert.deepEqual(result, answer);
    assert.deepEqual(await store.readGrant(42n), grant);
  });

  onStore('A rotation for a narrower scope leaves the scope of the grant as it is.', async (store) => {
    await fill(store);
    const result = await refreshed(store, sampleUse(0, { presented: { scope: 'read_charge' } }));
    assert.deepEqual(result.verdict, { kind: 'rotate' });
    const grant = sampleGrant({ generation: 1, rotatedAtMs: [NOW_MS], rotatedBy: CALLER });
    assert.deepEqual(result.grant, grant);
    assert.deepEqual(await store.readGrant(42n), grant);
  });

  onStore('The next rotation replaces key, use digest and caller, and adds its time.', async (store) => {
    await fill(store);
    await store.refresh(sampleUse(0, { keyNumber: 1, presented: { useDigest: DIGEST } }));
    await store.refresh(sampleUse(1, { keyNumber: 2, nowMs: NOW_MS + 1, caller: OTHER_CALLER }));
    const rotatedAtMs = [NOW_MS, NOW_MS + 1];
    const grant = sampleGrant({ generation: 2, keyNumber: 2, rotatedAtMs, rotatedBy: OTHER_CALLER });
    assert.deepEqual(await store.readGrant(42n), grant);
  });

  onStore('The times of the last rotations are stored, up to the limit.', async (store) => {
    await fill(store);
    const count = ROTATIONS_MAX + 8;
    for (let at = 0; at < count; at++) await store.refresh(sampleUse(at, { nowMs: NOW_MS + at * 1000 }));
    const grant = await store.readGrant(42n);
    const kept = Array.from({ length: ROTATIONS_MAX }, (_, index) => NOW_MS + (8 + index) * 1000);
    assert.equal(grant?.generation, count);
    assert.deepEqual(grant.rotatedAtMs, kept);
  });

  onStore('The times of rotations hours, weeks and years apart are stored.', async (store) => {
    const policy = { refreshTokenLifetimeSeconds: 10 * 365 * 86_400, grantLifetimeSeconds: null };
    await fill(store, policy);
    const rotatedAtMs = [NOW_MS];
    const gaps = [
      1,
      4_199_999,
      4_200_999,
      7 * DAY_MS,
      7 * DAY_MS,
      6_803_999_999,
      6_804_059_999,
      9 * 365 * DAY_MS,
    ];
    await store.refresh(sampleUse(0));
    for (const [at, gapMs] of gaps.entries()) {
      const nowMs = (rotatedAtMs.at(-1) ?? NOW_MS) + gapMs;
      rotatedAtMs.push(nowMs);
      await store.refresh(sampleUse(at + 1, { nowMs }));
    }
    const grant = await store.readGrant(42n);
    const stored = gapsOf(grant?.rotatedAtMs ?? []);
    assert.equal(grant?.rotatedAtMs.at(-1), rotatedAtMs.at(-1));
    assert.equal(stored.length, gaps.length);
    // A store may cut a gap of 70 minutes or more to the second, one of 78 days and 18 hours or more to the minute.
    const cutMs = gaps.map((gapMs, index) => gapMs - (stored[index] ?? 0));
    const cutMaxMs = [0, 0, 999, 0, 0, 999, 59_999, 0];
    assert.ok(
      cutMs.every((ms, index) => ms >= 0 && ms <= (cutMaxMs[index] ?? 0)),
      cutMs.join(' '),
    );
  });

  onStore('A repeat answers who used the token first, and changes nothing.', async (store) => {
    await fill(store);
    await store.refresh(sampleUse(0, { caller: CALLER }));
    const before = await store.readGrant(42n);
    const { verdict, grant } = await refreshed(store, sampleUse(0, { caller: OTHER_CALLER }));
    assert.deepEqual(verdict, { kind: 'repeat', cause: 'overlap' });
    assert.deepEqual(grant?.rotatedBy, CALLER);
    assert.deepEqual(await store.readGrant(42n), before);
  });

  onStore('A resynchronisation moves the row past the presented generation.', async (store) => {
    await fill(store);
    const { verdict, grant } = await refreshed(store, sampleUse(5, { keyNumber: 2 }));
    assert.deepEqual(verdict, { kind: 'resync', lost: 5 });
    assert.equal(grant?.generation, 6);
    assert.equal(grant.rotatedAtMs.at(-1), NOW_MS);
    assert.deepEqual(await store.readGrant(42n), grant);
    assert.equal((await refreshed(store, sampleUse(6, { nowMs: NOW_MS + 1 }))).verdict.kind, 'rotate');
  });

  onStore('A refresh of one grant changes no other grant.', async (store) => {
    await fill(store);
    await store.createGrant(sampleGrant({ id: -42n }));
    await store.refresh(sampleUse(0, { presented: { grantId: -42n } }));
    assert.deepEqual(await store.readGrant(42n), sampleGrant());
    assert.equal((await store.readGrant(-42n))?.generation, 1);
  });
};

const DAY_MS = 86_400_000;

const gapsOf = (moments: readonly number[]): readonly number[] =>
  moments.slice(1).map((atMs, index) => atMs - (moments[index] ?? 0));

const boundaries = (onStore: OnStore): void => {
  onStore('The highest generation is reached, and then repeated.', async (store) => {
    await fill(store, {}, { generation: GENERATION_MAX - 1 });
    assert.equal((await refreshed(store, sampleUse(GENERATION_MAX - 1))).verdict.kind, 'rotate');
    assert.equal((await store.readGrant(42n))?.generation, GENERATION_MAX);
    const { verdict } = await refreshed(store, sampleUse(GENERATION_MAX, { nowMs: NOW_MS + 1 }));
    assert.deepEqual(verdict, { kind: 'repeat', cause: 'not_rotated' });
  });
};

const clientsGone = (onStore: OnStore): void => {
  onStore('A refresh for an unknown, disabled or removed client finds it gone.', async (store) => {
    assert.equal(await store.refresh(sampleUse(0)), 'client_gone');
    await fill(store);
    await store.changeClient('client-a', { disabledAtMs: CREATED_AT_MS + 1000 });
    assert.equal(await store.refresh(sampleUse(0)), 'client_gone');
    assert.deepEqual(await store.readGrant(42n), sampleGrant());
    await store.changeClient('client-a', { disabledAtMs: null });
    assert.equal((await refreshed(store, sampleUse(0))).verdict.kind, 'rotate');
    await store.removeClient('client-a', { withGrants: true });
    assert.equal(await store.refresh(sampleUse(1)), 'client_gone');
  });

  onStore("A refresh is judged by the client's current policy.", async (store) => {
    await fill(store);
    await store.refresh(sampleUse(0));
    const policy = { ...OVERLAP_POLICY, rotation: 'strict' } as const;
    await store.changeClient('client-a', { policy });
    const result = await refreshed(store, sampleUse(0));
    assert.deepEqual(result.verdict, { kind: 'refuse', reason: 'concurrent_use' });
    assert.deepEqual(result.policy, policy);
  });
};

const HOUR_MS = 3_600_000;

const replays = (onStore: OnStore): void => {
  onStore('A replay revokes the grant at once and stores its evidence.', async (store) => {
    await fill(store);
    await store.refresh(sampleUse(0));
    assert.equal(await store.readReplay(42n), undefined);
    const nowMs = NOW_MS + HOUR_MS;
    const result = await refreshed(store, sampleUse(0, { nowMs, caller: OTHER_CALLER }));
    assert.deepEqual(result.verdict, { kind: 'replay', gap: 1, response: 'revoke' });
    const evidence = {
      atMs: nowMs,
      generation: 0,
      gap: 1,
      sinceRotationMs: HOUR_MS,
      caller: OTHER_CALLER,
      rotatedBy: CALLER,
      looksLike: 'theft',
      response: 'revoke',
    };
    assert.deepEqual(result.replay, evidence);
    assert.deepEqual(await store.readReplay(42n), { ...evidence, times: 1 });
    const revocation = { atMs: nowMs, cause: 'replay' };
    assert.deepEqual((await store.readGrant(42n))?.revocation, revocation);
    assert.deepEqual(result.grant, await store.readGrant(42n));
  });

  onStore('Replays are counted, and the last one is stored.', async (store) => {
    await fill(store, { onReplay: 'observe', overlapSeconds: 0 });
    for (const [generation, minutes] of [0, 1, 2].entries())
      await store.refresh(sampleUse(generation, { nowMs: NOW_MS + minutes * 60_000 }));
    const replay = async (generation: number, nowMs: number) =>
      refreshed(store, sampleUse(generation, { nowMs }));
    await replay(2, NOW_MS + HOUR_MS);
    const { verdict, replay: evidence } = await replay(0, NOW_MS + 2 * HOUR_MS);
    assert.deepEqual(verdict, { kind: 'replay', gap: 3, response: 'observe' });
    assert.equal(evidence?.looksLike, 'lost_answer');
    assert.deepEqual(await store.readReplay(42n), { ...evidence, times: 2 });
    assert.equal((await store.readGrant(42n))?.revocation, undefined);
  });

  onStore('The evidence of a replay survives a reinstatement.', async (store) => {
    await fill(store);
    await store.refresh(sampleUse(0));
    await store.refresh(sampleUse(0, { nowMs: NOW_MS + HOUR_MS }));
    await store.reinstate(42n, { nowMs: CREATED_AT_MS });
    assert.equal((await store.readReplay(42n))?.times, 1);
    const { verdict } = await refreshed(store, sampleUse(0, { nowMs: NOW_MS + 2 * HOUR_MS }));
    assert.equal(verdict.kind, 'replay');
    assert.equal((await store.readReplay(42n))?.times, 2);
  });
};
