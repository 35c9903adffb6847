import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { GENERATION_MAX } from '../tokens/refresh-token.ts';
import { applyVerdict } from './apply-verdict.ts';
import type { Grant } from './grant.ts';
import type { Presented, Verdict } from './judge.ts';
import { ROTATIONS_MAX } from './rotation-history.ts';

const NOW_MS = 1_750_000_000_999;
const DIGEST = Uint8Array.of(1, 2, 3);
const OLD_DIGEST = Uint8Array.of(9, 9, 9);

const GRANT: Grant = {
  id: 7n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: 'kia',
  createdAtMs: 1_749_000_000_000,
  generation: 5,
  keyNumber: 1,
  rotatedAtMs: [NOW_MS - 30_000],
  rotatedBy: { address: '192.0.2.1', userAgent: 'client-a/1.0' },
  useDigest: OLD_DIGEST,
  revocation: undefined,
};

const CALLER = { address: '192.0.2.2', userAgent: 'client-a/1.1' };

const present = (generation: number, useDigest?: Uint8Array): Presented => ({
  grantId: GRANT.id,
  generation,
  clientId: GRANT.clientId,
  brand: GRANT.brand,
  useDigest,
  isRetryOfOurs: false,
});

void test('a rotation advances the generation by one, under the newest key, and remembers when, by whom and by which use', () => {
  const use = { presented: present(5, DIGEST), nowMs: NOW_MS, keyNumber: 2, caller: CALLER };
  assert.deepEqual(applyVerdict(GRANT, { kind: 'rotate' }, use), {
    ...GRANT,
    generation: 6,
    keyNumber: 2,
    rotatedAtMs: [NOW_MS - 30_000, NOW_MS],
    rotatedBy: CALLER,
    useDigest: DIGEST,
  });
});

void test('a rotation without an Idempotency-Key forgets the key of the use before', () => {
  const use = { presented: present(5), nowMs: NOW_MS, keyNumber: 1, caller: CALLER };
  assert.equal(applyVerdict(GRANT, { kind: 'rotate' }, use).useDigest, undefined);
});

void test('the first rotation of a grant is remembered as its only one', () => {
  const fresh = { ...GRANT, generation: 0, rotatedAtMs: [], useDigest: undefined };
  const after = applyVerdict(
    fresh,
    { kind: 'rotate' },
    { presented: present(0), nowMs: NOW_MS, keyNumber: 1, caller: CALLER },
  );
  assert.equal(after.generation, 1);
  assert.deepEqual(after.rotatedAtMs, [NOW_MS]);
});

void test('a resynchronisation goes on from the presented token, with the lost moments unknown', () => {
  const use = { presented: present(8, DIGEST), nowMs: NOW_MS, keyNumber: 2, caller: CALLER };
  assert.deepEqual(applyVerdict(GRANT, { kind: 'resync', lost: 3 }, use), {
    ...GRANT,
    generation: 9,
    keyNumber: 2,
    rotatedAtMs: [NOW_MS - 30_000, 0, 0, 0, NOW_MS],
    rotatedBy: CALLER,
    useDigest: DIGEST,
  });
});

void test('a resynchronisation over more generations than are remembered keeps the memory within its cap', () => {
  const use = { presented: present(1005), nowMs: NOW_MS, keyNumber: 1, caller: CALLER };
  const after = applyVerdict(GRANT, { kind: 'resync', lost: 1000 }, use);
  assert.equal(after.generation, 1006);
  assert.deepEqual(after.rotatedAtMs, [...Array<number>(ROTATIONS_MAX - 1).fill(0), NOW_MS]);
});

void test('a resynchronisation to the highest generation stays at it', () => {
  const grant = { ...GRANT, generation: GENERATION_MAX - 3 };
  const use = { presented: present(GENERATION_MAX), nowMs: NOW_MS, keyNumber: 1, caller: CALLER };
  assert.equal(applyVerdict(grant, { kind: 'resync', lost: 3 }, use).generation, GENERATION_MAX);
});

void test('a resynchronisation to one below the highest generation reaches the highest', () => {
  const grant = { ...GRANT, generation: GENERATION_MAX - 3 };
  const use = { presented: present(GENERATION_MAX - 1), nowMs: NOW_MS, keyNumber: 1, caller: CALLER };
  assert.equal(applyVerdict(grant, { kind: 'resync', lost: 2 }, use).generation, GENERATION_MAX);
});

void test('a revoking replay revokes the grant in whole seconds and changes nothing else', () => {
  const use = { presented: present(2, DIGEST), nowMs: NOW_MS, keyNumber: 2, caller: CALLER };
  assert.deepEqual(applyVerdict(GRANT, { kind: 'replay', gap: 3, response: 'revoke' }, use), {
    ...GRANT,
    revocation: { atMs: NOW_MS, cause: 'replay' },
  });
});

const UNCHANGING: readonly Verdict[] = [
  { kind: 'repeat', cause: 'overlap' },
  { kind: 'repeat', cause: 'until_used' },
  { kind: 'repeat', cause: 'same_use' },
  { kind: 'repeat', cause: 'not_rotated' },
  { kind: 'refuse', reason: 'unknown' },
  { kind: 'refuse', reason: 'client_mismatch' },
  { kind: 'refuse', reason: 'brand_mismatch' },
  { kind: 'refuse', reason: 'revoked' },
  { kind: 'refuse', reason: 'expired' },
  { kind: 'refuse', reason: 'concurrent_use' },
  { kind: 'refuse', reason: 'ahead' },
  { kind: 'replay', gap: 1, response: 'refuse' },
  { kind: 'replay', gap: 1, response: 'observe' },
];

for (const verdict of UNCHANGING) {
  void test(`the very same grant comes back from ${Object.values(verdict).join(' ')}`, () => {
    const use = { presented: present(4, DIGEST), nowMs: NOW_MS, keyNumber: 2, caller: CALLER };
    assert.equal(applyVerdict(GRANT, verdict, use), GRANT);
  });
}

void test('the grant that was judged is left as it was, whatever follows', () => {
  const verdicts: readonly Verdict[] = [
    ...UNCHANGING,
    { kind: 'rotate' },
    { kind: 'resync', lost: 1 },
    { kind: 'replay', gap: 1, response: 'revoke' },
  ];
  fc.assert(
    fc.property(fc.constantFrom(...verdicts), fc.integer({ min: 1, max: 2 ** 42 }), (verdict, nowMs) => {
      const before = structuredClone(GRANT);
      applyVerdict(Object.freeze(GRANT), verdict, {
        presented: present(6, DIGEST),
        nowMs,
        keyNumber: 2,
        caller: CALLER,
      });
      assert.deepEqual(GRANT, before);
    }),
  );
});
