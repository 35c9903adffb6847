import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Policy } from '../clients/policy.ts';
import { GENERATION_MAX } from '../tokens/refresh-token.ts';
import { applyVerdict } from './apply-verdict.ts';
import { decideRefresh, decideRotation, NO_REPLAY_CONTEXT } from './decide-refresh.ts';
import { currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';
import {
  CALLER,
  CREATED_AT,
  DIGEST,
  GRANT,
  OTHER_DIGEST,
  POLICY,
  REACTIONS,
  REVOKED,
  ROTATE,
  ROTATED_AT_MS,
  ROTATIONS,
  YEAR_MS,
  present,
  refuse,
  repeat,
  replay,
  resync,
} from './judge.cases.ts';
import { judge } from './judge.ts';
import type { Presented, Verdict } from './judge.ts';
import { ROTATIONS_MAX, UNKNOWN } from './rotation-history.ts';

// What holds for every grant, token, moment and policy.
const policies: fc.Arbitrary<Policy> = fc
  .record({
    rotation: fc.constantFrom(...ROTATIONS),
    onReplay: fc.constantFrom(...REACTIONS),
    overlapSeconds: fc.integer({ min: 0, max: 900 }),
    raceSeconds: fc.integer({ min: 0, max: 900 }),
    refreshTokenLifetimeSeconds: fc.oneof(fc.constant(901), fc.integer({ min: 901, max: 315_360_000 })),
    grantLifetimeSeconds: fc.option(fc.integer({ min: 60, max: 3_153_600_000 }), { nil: null }),
    resyncGenerations: fc.oneof(
      fc.constantFrom(0, 1, 1024, 1_000_000),
      fc.integer({ min: 0, max: 1_000_000 }),
    ),
  })
  .map((fields) => ({ ...POLICY, ...fields }));

const moments = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2_000_000, max: 2_000_000 }).map((ms) => ROTATED_AT_MS + ms) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 8_640_000_000_000 }) },
);
/** Issuance never goes back. */
const inOrder = (history: readonly number[]): readonly number[] => {
  const known = history.filter((atMs) => atMs !== UNKNOWN).sort((a, b) => a - b);
  let next = 0;
  return history.map((atMs) => (atMs === UNKNOWN ? UNKNOWN : (known[next++] ?? UNKNOWN)));
};
const histories = fc
  .array(fc.oneof(fc.constant(UNKNOWN), moments), { maxLength: ROTATIONS_MAX })
  .chain((earlier) => moments.map((last) => inOrder([...earlier, last].slice(-ROTATIONS_MAX))));
const generations = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.integer({ min: GENERATION_MAX - 40, max: GENERATION_MAX }),
  fc.integer({ min: 0, max: GENERATION_MAX }),
);
const digests = fc.constantFrom(undefined, DIGEST, OTHER_DIGEST);
const BRANDS = ['brand-a', 'brand-b', 'brand-c'];
const brands = fc.constantFrom(undefined, ...BRANDS);

const grants: fc.Arbitrary<Grant> = fc
  .record({
    clientId: fc.constantFrom('client-a', 'client-a', 'client-b'),
    brand: fc.constantFrom(undefined, undefined, ...BRANDS),
    createdAtMs: fc.oneof(fc.constant(CREATED_AT * 1000), fc.integer({ min: 0, max: 0xffff_ffff_000 })),
    generation: generations,
    rotatedAtMs: fc.oneof(fc.constant([]), histories),
    useDigest: digests,
    revocation: fc.constantFrom(undefined, undefined, undefined, REVOKED.revocation),
  })
  .map((fields) => ({ ...GRANT, ...fields }));

/** A grant with a token presented for it: near its generation as a rule. */
const uses: fc.Arbitrary<{ grant: Grant; presented: Presented; nowMs: number; policy: Policy }> =
  grants.chain((grant) =>
    fc.record(
      {
        grant: fc.constant(grant),
        presented: fc
          .record({
            generation: fc.oneof(
              fc.constant(grant.generation),
              fc
                .integer({ min: -40, max: 40 })
                .map((step) => Math.min(Math.max(grant.generation + step, 0), GENERATION_MAX)),
              generations,
            ),
            brand: brands,
            useDigest: digests,
            isRetryOfOurs: fc.boolean(),
          })
          .map((fields) => present(fields.generation, fields)),
        nowMs: moments,
        policy: policies,
      },
      { noNullPrototype: true },
    ),
  );

/** Frozen to the ground, but for bytes, which cannot be. */
const freeze = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
};

const KINDS: ReadonlySet<string> = new Set(['rotate', 'repeat', 'resync', 'refuse', 'replay']);

void test('every token at every moment under every policy gets one of the five verdicts', () => {
  fc.assert(
    fc.property(uses, fc.boolean(), ({ grant, presented, nowMs, policy }, isGone) => {
      const verdict = judge(isGone ? undefined : grant, presented, { nowMs, doubt: undefined }, policy);
      assert.ok(KINDS.has(verdict.kind));
    }),
    { numRuns: 2000 },
  );
});

void test('the verdict on the same token at the same moment is the same, and judging changes nothing', () => {
  fc.assert(
    fc.property(uses, (use) => {
      const before = structuredClone(use);
      const { grant, presented, nowMs, policy } = freeze(use);
      const first = judge(grant, presented, { nowMs, doubt: undefined }, policy);
      const used = { presented, nowMs, keyNumber: 2, caller: CALLER };
      const after = applyVerdict(grant, freeze(first), freeze(used));
      assert.deepEqual(judge(grant, presented, { nowMs, doubt: undefined }, policy), first);
      assert.deepEqual(applyVerdict(grant, first, used), after);
      assert.deepEqual(use, before);
    }),
    { numRuns: 2000 },
  );
});

void test('only the current token of an active grant, presented by its own client, is rotated', () => {
  fc.assert(
    fc.property(uses, ({ grant, presented, nowMs, policy }) => {
      const { kind } = judge(grant, presented, { nowMs, doubt: undefined }, policy);
      if (kind !== 'rotate') return;
      assert.equal(presented.generation, grant.generation);
      assert.equal(presented.clientId, grant.clientId);
      assert.equal(grant.revocation, undefined);
      assert.ok(grant.brand === undefined || grant.brand === presented.brand);
      assert.ok(nowMs < currentIssuedAtMs(grant) + policy.refreshTokenLifetimeSeconds * 1000);
      assert.notEqual(policy.rotation, 'none');
    }),
    { numRuns: 2000 },
  );
});

void test('only a predecessor is a replay or a race, only a token from ahead is resynchronised', () => {
  fc.assert(
    fc.property(uses, ({ grant, presented, nowMs, policy }) => {
      const verdict = judge(grant, presented, { nowMs, doubt: undefined }, policy);
      const step = presented.generation - grant.generation;
      if (verdict.kind === 'replay') assert.equal(verdict.gap, -step);
      if (verdict.kind === 'replay' || (verdict.kind === 'refuse' && verdict.reason === 'concurrent_use'))
        assert.ok(step < 0);
      if (verdict.kind === 'resync') {
        assert.equal(verdict.lost, step);
        assert.ok(step > 0 && step <= policy.resyncGenerations);
      }
    }),
    { numRuns: 2000 },
  );
});

void test('a revoked grant gives nothing to anyone under any policy', () => {
  fc.assert(
    fc.property(uses, ({ grant, presented, nowMs, policy }) => {
      const revoked = { ...grant, ...REVOKED };
      const verdict = judge(revoked, presented, { nowMs, doubt: undefined }, policy);
      assert.equal(verdict.kind, 'refuse');
      assert.equal(
        applyVerdict(revoked, verdict, { presented, nowMs, keyNumber: 2, caller: CALLER }),
        revoked,
      );
    }),
    { numRuns: 2000 },
  );
});

void test('nothing changes but by a rotation, a resynchronisation or a revoking replay', () => {
  fc.assert(
    fc.property(uses, ({ grant, presented, nowMs, policy }) => {
      const verdict = judge(grant, presented, { nowMs, doubt: undefined }, policy);
      const after = applyVerdict(grant, verdict, { presented, nowMs, keyNumber: 2, caller: CALLER });
      const isChange =
        verdict.kind === 'rotate' ||
        verdict.kind === 'resync' ||
        (verdict.kind === 'replay' && policy.onReplay === 'revoke');
      assert.equal(after === grant, !isChange);
    }),
    { numRuns: 2000 },
  );
});

const living: fc.Arbitrary<Grant> = grants.map((grant) => ({
  ...grant,
  clientId: 'client-a',
  brand: undefined,
  revocation: undefined,
  createdAtMs: CREATED_AT * 1000,
  generation: Math.min(grant.generation, GENERATION_MAX - 1),
}));

void test('a token presented again within the overlap of its rotation is repeated, whatever the clock did before', () => {
  fc.assert(
    fc.property(
      living,
      policies,
      fc.integer({ min: 1, max: 900 }),
      fc.nat(),
      (grant, anyPolicy, overlapSeconds, ms) => {
        const policy: Policy = {
          ...anyPolicy,
          rotation: 'overlap',
          overlapSeconds,
          grantLifetimeSeconds: null,
        };
        const use = {
          presented: present(grant.generation),
          nowMs: currentIssuedAtMs(grant),
          keyNumber: 2,
          caller: CALLER,
        };
        assert.deepEqual(judge(grant, use.presented, { nowMs: use.nowMs, doubt: undefined }, policy), ROTATE);
        const after = applyVerdict(grant, ROTATE, use);
        const again = judge(
          after,
          use.presented,
          { nowMs: use.nowMs + (ms % (overlapSeconds * 1000)), doubt: undefined },
          policy,
        );
        assert.deepEqual(again, repeat('overlap'));
      },
    ),
    { numRuns: 1000 },
  );
});

void test('a token that was rotated is never rotated again, at any moment under any policy', () => {
  fc.assert(
    fc.property(living, policies, moments, digests, (grant, policy, nowMs, useDigest) => {
      const use = {
        presented: present(grant.generation, { useDigest }),
        nowMs,
        keyNumber: 2,
        caller: CALLER,
      };
      const after = applyVerdict(grant, ROTATE, use);
      for (const later of [nowMs - YEAR_MS, nowMs, nowMs + 1, nowMs + 900_000, nowMs + YEAR_MS])
        assert.notEqual(
          judge(after, use.presented, { nowMs: later, doubt: undefined }, policy).kind,
          'rotate',
        );
    }),
    { numRuns: 1000 },
  );
});

void test('a resynchronised token is repeated within its overlap and never rotated again', () => {
  fc.assert(
    fc.property(living, fc.integer({ min: 1, max: 1024 }), (grant, ahead) => {
      const generation = Math.min(grant.generation + ahead, GENERATION_MAX - 1);
      fc.pre(generation > grant.generation);
      const use = {
        presented: present(generation),
        nowMs: Math.max(ROTATED_AT_MS + 5000, currentIssuedAtMs(grant)),
        keyNumber: 2,
        caller: CALLER,
      };
      const verdict = judge(grant, use.presented, { nowMs: use.nowMs, doubt: undefined }, POLICY);
      assert.deepEqual(verdict, resync(generation - grant.generation));
      const after = applyVerdict(grant, verdict, use);
      assert.deepEqual(
        judge(after, use.presented, { nowMs: use.nowMs + 59_999, doubt: undefined }, POLICY),
        repeat('overlap'),
      );
      assert.deepEqual(
        judge(after, use.presented, { nowMs: use.nowMs + 69_999, doubt: undefined }, POLICY),
        refuse('concurrent_use'),
      );
      assert.deepEqual(
        judge(after, use.presented, { nowMs: use.nowMs + 70_000, doubt: undefined }, POLICY),
        replay(1),
      );
    }),
  );
});

/** One presentation of a random history: which token, how long after the one before, with which key. */
const steps = (least: number) =>
  fc.array(
    fc.record({
      step: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: least, max: 3 })),
      laterMs: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 3000 }) },
        fc.integer({ min: 0, max: 120_000 }),
        fc.constantFrom(1, 9999, 10_000, 59_999, 60_000, 899_999, 900_000),
      ),
      useDigest: digests,
    }),
    { maxLength: 120, size: 'max' },
  );

void test('no sequence of presentations, with any clock, takes a generation back', () => {
  fc.assert(
    fc.property(steps(-50), policies, fc.array(fc.boolean()), (sequence, policy, backwards) => {
      let grant: Grant = { ...GRANT, generation: 0, rotatedAtMs: [] };
      let nowMs = CREATED_AT * 1000;
      for (const [index, { step, laterMs, useDigest }] of sequence.entries()) {
        nowMs += backwards[index] === true ? -laterMs : laterMs;
        const presented = present(Math.max(0, grant.generation + step), { useDigest });
        const verdict = judge(grant, presented, { nowMs, doubt: undefined }, policy);
        const after = applyVerdict(grant, verdict, { presented, nowMs, keyNumber: 1, caller: CALLER });
        const gain = verdict.kind === 'rotate' ? 1 : verdict.kind === 'resync' ? verdict.lost + 1 : 0;
        assert.equal(after.generation, grant.generation + gain);
        assert.ok(after.rotatedAtMs.length <= ROTATIONS_MAX);
        grant = after;
      }
    }),
    { numRuns: 300 },
  );
});

/** The verdict on a predecessor by a ledger that forgets nothing: the rule as it is written, without the memory's cap. */
const judgeByLedger = (sinceFirstUseMs: number, gap: number, isSameUse: boolean, policy: Policy): Verdict => {
  if (gap === 1 && isSameUse) return repeat('same_use');
  if (gap === 1 && policy.rotation === 'until-used') return repeat('until_used');
  const overlapSeconds = policy.rotation === 'overlap' ? policy.overlapSeconds : 0;
  if (sinceFirstUseMs < overlapSeconds * 1000) return repeat('overlap');
  if (sinceFirstUseMs < (overlapSeconds + policy.raceSeconds) * 1000) return refuse('concurrent_use');
  return replay(gap, policy.onReplay);
};

void test('a grant that remembers a handful of rotations judges as one that remembers all of them', () => {
  fc.assert(
    fc.property(steps(-50), policies, (sequence, anyPolicy) => {
      const policy: Policy = {
        ...anyPolicy,
        rotation: anyPolicy.rotation === 'none' ? 'overlap' : anyPolicy.rotation,
        onReplay: anyPolicy.onReplay === 'revoke' ? 'observe' : anyPolicy.onReplay,
        refreshTokenLifetimeSeconds: 315_360_000,
        grantLifetimeSeconds: null,
      };
      let grant: Grant = { ...GRANT, generation: 0, rotatedAtMs: [] };
      let nowMs = CREATED_AT * 1000;
      const firstUses: { atMs: number; useDigest: Uint8Array | undefined }[] = [];
      for (const { step, laterMs, useDigest } of sequence) {
        nowMs += laterMs;
        const generation = Math.min(Math.max(0, grant.generation + step), grant.generation);
        const presented = present(generation, { useDigest });
        const verdict = judge(grant, presented, { nowMs, doubt: undefined }, policy);
        const gap = grant.generation - generation;
        const first = firstUses[generation];
        if (first === undefined) {
          assert.deepEqual(verdict, ROTATE);
          firstUses.push({ atMs: nowMs, useDigest });
        } else {
          const isSameUse = useDigest !== undefined && first.useDigest === useDigest;
          const expected = judgeByLedger(nowMs - first.atMs, gap, isSameUse, policy);
          const isForgotten = gap > ROTATIONS_MAX && verdict.kind === 'refuse';
          assert.deepEqual(verdict, isForgotten ? refuse('concurrent_use') : expected);
        }
        grant = applyVerdict(grant, verdict, { presented, nowMs, keyNumber: 1, caller: CALLER });
      }
    }),
    { numRuns: 400 },
  );
});

void test('a rotation is decided from less of the grant as from all of it, and nothing else is', () => {
  fc.assert(
    fc.property(uses, ({ grant: fields, presented, nowMs, policy }) => {
      const whole = { ...fields, rotatedBy: CALLER };
      const { useDigest: _digest, rotatedBy: _caller, ...rest } = whole;
      const current = freeze({ ...rest, rotatedAtMs: whole.rotatedAtMs.slice(-1) });
      const use = {
        presented,
        nowMs,
        doubt: undefined,
        keyNumber: 2,
        caller: CALLER,
        requestId: 'request-1',
      };
      const { result } = decideRefresh(whole, use, policy, NO_REPLAY_CONTEXT);
      const rotation = decideRotation(current, use, policy);
      if (result.verdict.kind !== 'rotate') return assert.equal(rotation, undefined);
      const grant = result.grant && { ...result.grant, rotatedAtMs: result.grant.rotatedAtMs.slice(-1) };
      const answer = rotation && { ...rotation.grant, rotatedAtMs: rotation.grant.rotatedAtMs.slice(-1) };
      assert.deepEqual({ ...rotation, grant: answer }, { ...result, grant });
    }),
    { numRuns: 5000 },
  );
});

void test('a predecessor is not judged by less than the whole grant', () => {
  const { useDigest: _digest, ...current } = GRANT;
  const now = { nowMs: ROTATED_AT_MS, doubt: undefined };
  assert.throws(() => judge(current, present(GRANT.generation - 1), now, POLICY), /by the whole grant/);
});
