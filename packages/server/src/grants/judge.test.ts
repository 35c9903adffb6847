import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Policy } from '../clients/policy.ts';
import { GENERATION_MAX } from '../tokens/refresh-token.ts';
import { applyVerdict } from './apply-verdict.ts';
import { currentIssuedAtMs } from './grant.ts';
import type { Grant } from './grant.ts';
import { judge } from './judge.ts';
import type { Presented, Verdict } from './judge.ts';
import { ROTATIONS_MAX } from './rotation-history.ts';

const CREATED_AT = 1_750_000_000;
/** When the grant of most cases was last rotated: a day after it was created. */
const ROTATED_AT_MS = (CREATED_AT + 86_400) * 1000;
const GENERATION = 5;
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 3600,
  accessTokenLifetimeSeconds: 600,
  rotation: 'overlap',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

const GRANT: Grant = {
  id: -42n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  createdAtMs: CREATED_AT * 1000,
  generation: GENERATION,
  keyNumber: 1,
  rotatedAtMs: [ROTATED_AT_MS],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
};

const CALLER = { address: '192.0.2.1', userAgent: 'client-a/1.0' };

const present = (generation: number, more: Partial<Presented> = {}): Presented => ({
  grantId: GRANT.id,
  generation,
  clientId: 'client-a',
  brand: undefined,
  useDigest: undefined,
  isRetryOfOurs: false,
  ...more,
});

const DIGEST = Uint8Array.from({ length: 16 }, (_, index) => index);
const OTHER_DIGEST = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

const ROTATIONS = ['strict', 'overlap', 'until-used', 'none'] as const;
const REACTIONS = ['revoke', 'refuse', 'observe'] as const;

const ROTATE: Verdict = { kind: 'rotate' };
const refuse = (reason: (Verdict & { kind: 'refuse' })['reason']): Verdict => ({ kind: 'refuse', reason });
const repeat = (cause: (Verdict & { kind: 'repeat' })['cause']): Verdict => ({ kind: 'repeat', cause });
const resync = (lost: number): Verdict => ({ kind: 'resync', lost });
const replay = (gap: number, response: Policy['onReplay'] = 'revoke'): Verdict => ({
  kind: 'replay',
  gap,
  response,
});

type Case = {
  readonly name: string;
  /** What differs from the usual grant; `'none'` where the store has no such grant. */
  readonly grant?: Partial<Grant> | 'none';
  readonly presented: Presented;
  /** Milliseconds since the last rotation. */
  readonly afterMs: number;
  readonly policy?: Partial<Policy>;
  readonly verdict: Verdict;
};

const judgeCases = (cases: readonly Case[]): void => {
  for (const { name, grant = {}, presented, afterMs, policy = {}, verdict } of cases) {
    void test(name, () => {
      const row = grant === 'none' ? undefined : { ...GRANT, ...grant };
      const now = ROTATED_AT_MS + afterMs;
      assert.deepEqual(judge(row, presented, now, { ...POLICY, ...policy }), verdict);
    });
  }
};

const REVOKED = { revocation: { atMs: (CREATED_AT + 90_000) * 1000, cause: 'operator' } } as const;

// Whose token it is.
judgeCases([
  {
    name: 'a token of a grant that the store does not have is refused as unknown',
    grant: 'none',
    presented: present(0),
    afterMs: 0,
    verdict: refuse('unknown'),
  },
  {
    name: 'the current token in the hands of another client is refused',
    presented: present(GENERATION, { clientId: 'client-b' }),
    afterMs: 1000,
    verdict: refuse('client_mismatch'),
  },
  {
    name: 'an old token in the hands of another client is not a replay, or any client could end any grant',
    presented: present(0, { clientId: 'client-b' }),
    afterMs: HOUR_MS / 2,
    verdict: refuse('client_mismatch'),
  },
  {
    name: 'a token from ahead in the hands of another client does not move the grant',
    presented: present(GENERATION + 1, { clientId: 'client-b' }),
    afterMs: 1000,
    verdict: refuse('client_mismatch'),
  },
  {
    name: 'another client does not learn that a grant is revoked',
    grant: REVOKED,
    presented: present(GENERATION, { clientId: 'client-b' }),
    afterMs: 1000,
    verdict: refuse('client_mismatch'),
  },
  {
    name: 'a client id that differs only in case is another client',
    presented: present(GENERATION, { clientId: 'CLIENT-A' }),
    afterMs: 1000,
    verdict: refuse('client_mismatch'),
  },
  {
    name: 'a Kia token under the brand Hyundai is refused',
    grant: { brand: 'kia' },
    presented: present(GENERATION, { brand: 'hyundai' }),
    afterMs: 1000,
    verdict: refuse('brand_mismatch'),
  },
  {
    name: 'an old Kia token under the brand Hyundai is not a replay',
    grant: { brand: 'kia' },
    presented: present(0, { brand: 'hyundai' }),
    afterMs: HOUR_MS / 2,
    verdict: refuse('brand_mismatch'),
  },
  {
    name: 'a Kia token without a brand is refused',
    grant: { brand: 'kia' },
    presented: present(GENERATION),
    afterMs: 1000,
    verdict: refuse('brand_mismatch'),
  },
  {
    name: 'a Kia token under the brand Kia is rotated',
    grant: { brand: 'kia' },
    presented: present(GENERATION, { brand: 'kia' }),
    afterMs: 1000,
    verdict: ROTATE,
  },
  {
    name: 'a token of a grant without a brand is rotated under any brand',
    presented: present(GENERATION, { brand: 'genesis' }),
    afterMs: 1000,
    verdict: ROTATE,
  },
]);

// A revoked grant, under every policy.
judgeCases(
  ROTATIONS.flatMap((rotation): Case[] =>
    [
      { what: 'the current token', presented: present(GENERATION, { useDigest: DIGEST }) },
      { what: 'the predecessor', presented: present(GENERATION - 1) },
      { what: 'a retry of the last use', presented: present(GENERATION - 1, { useDigest: DIGEST }) },
      { what: 'an ancient token', presented: present(0) },
      { what: 'a token from ahead', presented: present(GENERATION + 1) },
    ].map(({ what, presented }) => ({
      name: `${what} of a revoked grant is refused under rotation ${rotation}`,
      grant: { ...REVOKED, useDigest: DIGEST },
      presented,
      afterMs: 0,
      policy: { rotation },
      verdict: refuse('revoked'),
    })),
  ),
);
judgeCases([
  {
    name: 'a grant that was revoked and has expired since is refused as revoked',
    grant: REVOKED,
    presented: present(GENERATION),
    afterMs: HOUR_MS,
    verdict: refuse('revoked'),
  },
]);

// The current token and its lifetime.
judgeCases(
  ROTATIONS.flatMap((rotation): Case[] => {
    const alive = rotation === 'none' ? repeat('not_rotated') : ROTATE;
    const under = `under rotation ${rotation}`;
    const presented = present(GENERATION);
    return [
      {
        name: `the current token is good in the millisecond of its issuance ${under}`,
        presented,
        afterMs: 0,
        policy: { rotation },
        verdict: alive,
      },
      {
        name: `the current token is good in the last millisecond of its lifetime ${under}`,
        presented,
        afterMs: HOUR_MS - 1,
        policy: { rotation },
        verdict: alive,
      },
      {
        name: `the current token has expired in the first millisecond after its lifetime ${under}`,
        presented,
        afterMs: HOUR_MS,
        policy: { rotation },
        verdict: refuse('expired'),
      },
      {
        name: `the current token is valid even with the key of the use that issued it ${under}`,
        grant: { useDigest: DIGEST },
        presented: present(GENERATION, { useDigest: DIGEST }),
        afterMs: 1000,
        policy: { rotation },
        verdict: alive,
      },
    ];
  }),
);

const FRESH = { generation: 0, rotatedAtMs: [], createdAtMs: ROTATED_AT_MS } as const;
judgeCases([
  {
    name: 'the first token of a grant lives from the creation of the grant',
    grant: FRESH,
    presented: present(0),
    afterMs: HOUR_MS - 1,
    verdict: ROTATE,
  },
  {
    name: 'the first token of a grant expires counted from the creation of the grant',
    grant: FRESH,
    presented: present(0),
    afterMs: HOUR_MS,
    verdict: refuse('expired'),
  },
  {
    name: 'the lifetime slides: a grant much older than it is valid if it was refreshed recently',
    grant: { createdAtMs: (CREATED_AT - 100 * 86_400) * 1000 },
    presented: present(GENERATION),
    afterMs: HOUR_MS - 1,
    verdict: ROTATE,
  },
  {
    name: 'a generation below the highest is rotated',
    grant: { generation: GENERATION_MAX - 1 },
    presented: present(GENERATION_MAX - 1),
    afterMs: 1000,
    verdict: ROTATE,
  },
  {
    name: 'the highest generation has no successor and is given again',
    grant: { generation: GENERATION_MAX },
    presented: present(GENERATION_MAX),
    afterMs: 1000,
    verdict: repeat('not_rotated'),
  },
  {
    name: 'the highest generation expires like every other',
    grant: { generation: GENERATION_MAX },
    presented: present(GENERATION_MAX),
    afterMs: HOUR_MS,
    verdict: refuse('expired'),
  },
]);

// The absolute end of a grant. The last rotation was 86,400 seconds after its creation.
const UNTIL_30_S_AFTER_ROTATION = { grantLifetimeSeconds: 86_430 } as const;
judgeCases([
  {
    name: 'the current token is good in the last millisecond of the grant',
    presented: present(GENERATION),
    afterMs: 29_999,
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: ROTATE,
  },
  {
    name: 'the current token has expired in the first millisecond after the end of the grant',
    presented: present(GENERATION),
    afterMs: 30_000,
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: refuse('expired'),
  },
  {
    name: 'a predecessor is repeated in the last millisecond of the grant',
    presented: present(GENERATION - 1),
    afterMs: 29_999,
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: repeat('overlap'),
  },
  {
    name: 'the end of the grant cuts an overlap short',
    presented: present(GENERATION - 1),
    afterMs: 30_000,
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: refuse('expired'),
  },
  {
    name: 'a token from ahead is resynchronised in the last millisecond of the grant',
    presented: present(GENERATION + 3),
    afterMs: 29_999,
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: resync(3),
  },
  {
    name: 'a token from ahead does not outlive the grant',
    presented: present(GENERATION + 3),
    afterMs: 30_000,
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: refuse('expired'),
  },
  {
    name: 'a grant without an end goes on for a hundred years of refreshing',
    grant: { createdAtMs: (CREATED_AT - 100 * 365 * 86_400) * 1000 },
    presented: present(GENERATION),
    afterMs: 1000,
    policy: { grantLifetimeSeconds: null },
    verdict: ROTATE,
  },
]);

// The predecessor, under every policy and on both sides of every boundary.
judgeCases(
  REACTIONS.flatMap((onReplay): Case[] => {
    const rows: readonly (readonly [string, Partial<Policy>, number, Verdict])[] = [
      ['strict: a race at once', { rotation: 'strict' }, 0, refuse('concurrent_use')],
      ['strict: a race in its last millisecond', { rotation: 'strict' }, 9999, refuse('concurrent_use')],
      ['strict: a replay right after the race', { rotation: 'strict' }, 10_000, replay(1, onReplay)],
      ['strict: no race allowed', { rotation: 'strict', raceSeconds: 0 }, 0, replay(1, onReplay)],
      [
        'strict: the longest race',
        { rotation: 'strict', raceSeconds: 900 },
        899_999,
        refuse('concurrent_use'),
      ],
      [
        'strict: after the longest race',
        { rotation: 'strict', raceSeconds: 900 },
        900_000,
        replay(1, onReplay),
      ],
      ['overlap: a repeat at once', {}, 0, repeat('overlap')],
      ['overlap: a repeat in its last millisecond', {}, 59_999, repeat('overlap')],
      ['overlap: a replay right after it', {}, 60_000, replay(1, onReplay)],
      ['overlap of none: a race at once', { overlapSeconds: 0 }, 0, refuse('concurrent_use')],
      ['overlap of none: a race to its end', { overlapSeconds: 0 }, 9999, refuse('concurrent_use')],
      ['overlap of none: a replay after the race', { overlapSeconds: 0 }, 10_000, replay(1, onReplay)],
      ['overlap below the race: a repeat', { overlapSeconds: 5 }, 4999, repeat('overlap')],
      ['overlap below the race: then a race', { overlapSeconds: 5 }, 5000, refuse('concurrent_use')],
      ['overlap below the race: a race to its end', { overlapSeconds: 5 }, 9999, refuse('concurrent_use')],
      ['overlap below the race: then a replay', { overlapSeconds: 5 }, 10_000, replay(1, onReplay)],
      ['the longest overlap: a repeat', { overlapSeconds: 900 }, 899_999, repeat('overlap')],
      ['the longest overlap: then a replay', { overlapSeconds: 900 }, 900_000, replay(1, onReplay)],
      ['until-used: a repeat at once', { rotation: 'until-used' }, 0, repeat('until_used')],
      ['until-used: a repeat long after', { rotation: 'until-used' }, HOUR_MS - 1, repeat('until_used')],
      ['until-used: the end of the lifetime', { rotation: 'until-used' }, HOUR_MS, refuse('expired')],
      ['none, once rotated: a race', { rotation: 'none' }, 9999, refuse('concurrent_use')],
      ['none, once rotated: a replay', { rotation: 'none' }, 10_000, replay(1, onReplay)],
      ['strict: the end of the lifetime', { rotation: 'strict' }, HOUR_MS - 1, replay(1, onReplay)],
      ['strict: after the lifetime', { rotation: 'strict' }, HOUR_MS, refuse('expired')],
    ];
    return rows.map(([what, policy, afterMs, verdict]) => ({
      name: `the predecessor under rotation ${what} (onReplay ${onReplay}, ${afterMs} ms)`,
      presented: present(GENERATION - 1),
      afterMs,
      policy: { onReplay, ...policy },
      verdict,
    }));
  }),
);

judgeCases([
  {
    name: 'a predecessor used in its last minute is repeated though its own lifetime is over',
    grant: { createdAtMs: ROTATED_AT_MS - 3_599_000, generation: 1 },
    presented: present(0),
    afterMs: 59_999,
    verdict: repeat('overlap'),
  },
  {
    name: 'overlapSeconds has no meaning under rotation strict',
    presented: present(GENERATION - 1),
    afterMs: 10_000,
    policy: { rotation: 'strict', overlapSeconds: 900 },
    verdict: replay(1),
  },
  {
    name: 'under until-used a predecessor is dead once its successor was used, outside the race',
    grant: { rotatedAtMs: [ROTATED_AT_MS - 10_000, ROTATED_AT_MS] },
    presented: present(GENERATION - 2),
    afterMs: 0,
    policy: { rotation: 'until-used' },
    verdict: replay(2),
  },
  {
    name: 'under until-used a predecessor whose successor was used is a race for seconds after its own use',
    grant: { rotatedAtMs: [ROTATED_AT_MS - 9999, ROTATED_AT_MS] },
    presented: present(GENERATION - 2),
    afterMs: 0,
    policy: { rotation: 'until-used' },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'the first token of all is a replay once the moment of its use is forgotten',
    presented: present(0),
    afterMs: 0,
    verdict: replay(GENERATION),
  },
]);

// The same use again, recognised by its Idempotency-Key.
judgeCases(
  ROTATIONS.flatMap((rotation): Case[] => [
    {
      name: `a use sent again with its Idempotency-Key is repeated to the last millisecond under ${rotation}`,
      grant: { useDigest: DIGEST },
      presented: present(GENERATION - 1, { useDigest: Uint8Array.from(DIGEST) }),
      afterMs: HOUR_MS - 1,
      policy: { rotation, raceSeconds: 0, overlapSeconds: 0 },
      verdict: repeat('same_use'),
    },
    {
      name: `an Idempotency-Key does not outlive the refresh token under ${rotation}`,
      grant: { useDigest: DIGEST },
      presented: present(GENERATION - 1, { useDigest: DIGEST }),
      afterMs: HOUR_MS,
      policy: { rotation },
      verdict: refuse('expired'),
    },
    {
      name: `a token two generations old is another use, whatever its Idempotency-Key, under ${rotation}`,
      grant: { useDigest: DIGEST },
      presented: present(GENERATION - 2, { useDigest: DIGEST }),
      afterMs: HOUR_MS / 2,
      policy: { rotation },
      verdict: replay(2),
    },
  ]),
);
// The retry that our own 503 asked for.
judgeCases(
  ROTATIONS.flatMap((rotation): Case[] => {
    const policy = { rotation, raceSeconds: 0, overlapSeconds: 0 };
    const again = { isRetryOfOurs: true };
    return [
      {
        name: `the retry that our 503 asked for is repeated to the last millisecond under ${rotation}`,
        presented: present(GENERATION - 1, again),
        afterMs: HOUR_MS - 1,
        policy,
        verdict: repeat('same_use'),
      },
      {
        name: `the retry that our 503 asked for does not outlive the refresh token under ${rotation}`,
        presented: present(GENERATION - 1, again),
        afterMs: HOUR_MS,
        policy,
        verdict: refuse('expired'),
      },
      {
        name: `the retry that our 503 asked for is a first use where nothing was written under ${rotation}`,
        presented: present(GENERATION, again),
        afterMs: 1000,
        policy,
        verdict: rotation === 'none' ? repeat('not_rotated') : ROTATE,
      },
      {
        name: `the retry that our 503 asked for is a replay once its successor was used under ${rotation}`,
        presented: present(GENERATION - 2, again),
        afterMs: 1000,
        policy,
        verdict: replay(2),
      },
      {
        name: `the retry that our 503 asked for gets nothing from a revoked grant under ${rotation}`,
        grant: REVOKED,
        presented: present(GENERATION - 1, again),
        afterMs: 1000,
        policy,
        verdict: refuse('revoked'),
      },
      {
        name: `the retry that our 503 asked for gets nothing in the hands of another client under ${rotation}`,
        presented: present(GENERATION - 1, { ...again, clientId: 'client-b' }),
        afterMs: 1000,
        policy,
        verdict: refuse('client_mismatch'),
      },
    ];
  }),
);

judgeCases([
  {
    name: 'another Idempotency-Key is another use',
    grant: { useDigest: DIGEST },
    presented: present(GENERATION - 1, { useDigest: OTHER_DIGEST }),
    afterMs: 10_000,
    policy: { rotation: 'strict' },
    verdict: replay(1),
  },
  {
    name: 'a use with an Idempotency-Key after one without is another use',
    presented: present(GENERATION - 1, { useDigest: DIGEST }),
    afterMs: 10_000,
    policy: { rotation: 'strict' },
    verdict: replay(1),
  },
  {
    name: 'a use without an Idempotency-Key after one with is another use',
    grant: { useDigest: DIGEST },
    presented: present(GENERATION - 1),
    afterMs: 10_000,
    policy: { rotation: 'strict' },
    verdict: replay(1),
  },
  {
    name: 'two uses without any Idempotency-Key are not the same use',
    presented: present(GENERATION - 1),
    afterMs: 10_000,
    policy: { rotation: 'strict' },
    verdict: replay(1),
  },
]);

// Several rotations inside one overlap: 50 s, 30 s and 0 s before the last.
const THRICE = { rotatedAtMs: [ROTATED_AT_MS - 50_000, ROTATED_AT_MS - 30_000, ROTATED_AT_MS] } as const;
judgeCases(
  (
    [
      [3, 9999, repeat('overlap')],
      [3, 10_000, replay(3)],
      [2, 10_000, repeat('overlap')],
      [2, 29_999, repeat('overlap')],
      [2, 30_000, replay(2)],
      [1, 30_000, repeat('overlap')],
      [1, 59_999, repeat('overlap')],
      [1, 60_000, replay(1)],
      [4, 0, replay(4)],
    ] as const
  ).map(([gap, afterMs, verdict]) => ({
    name: `each of several predecessors has a minute of its own: ${gap} back after ${afterMs} ms`,
    grant: THRICE,
    presented: present(GENERATION - gap),
    afterMs,
    verdict,
  })),
);
judgeCases(
  (
    [
      [3, 4999, refuse('concurrent_use')],
      [3, 5000, replay(3)],
      [2, 24_999, refuse('concurrent_use')],
      [2, 25_000, replay(2)],
      [1, 54_999, refuse('concurrent_use')],
      [1, 55_000, replay(1)],
    ] as const
  ).map(([gap, afterMs, verdict]) => ({
    name: `each of several predecessors has a race of its own: ${gap} back after ${afterMs} ms`,
    grant: THRICE,
    presented: present(GENERATION - gap),
    afterMs,
    policy: { rotation: 'strict', raceSeconds: 55 },
    verdict,
  })),
);

// More rotations than are remembered, one a second; the oldest remembered was 31 seconds before the last.
const secondsApart = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => ROTATED_AT_MS - (count - 1 - index) * 1000);
const FULL = { generation: 100, rotatedAtMs: secondsApart(ROTATIONS_MAX) };
judgeCases([
  {
    name: 'the oldest rotation that is remembered is known exactly',
    grant: FULL,
    presented: present(100 - ROTATIONS_MAX),
    afterMs: 28_999,
    verdict: repeat('overlap'),
  },
  {
    name: 'the oldest rotation that is remembered is out of its overlap exactly',
    grant: FULL,
    presented: present(100 - ROTATIONS_MAX),
    afterMs: 29_000,
    verdict: replay(ROTATIONS_MAX),
  },
  {
    name: 'a predecessor beyond a full memory gets nothing and costs nothing while it may be in its overlap',
    grant: FULL,
    presented: present(99 - ROTATIONS_MAX),
    afterMs: 28_999,
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'a predecessor beyond a full memory is a replay once its overlap is certainly over',
    grant: FULL,
    presented: present(99 - ROTATIONS_MAX),
    afterMs: 29_000,
    verdict: replay(ROTATIONS_MAX + 1),
  },
  {
    name: 'the very first token is refused like every other beyond a full memory',
    grant: FULL,
    presented: present(0),
    afterMs: 0,
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'beyond a full memory the race counts under rotation strict',
    grant: { ...FULL, rotatedAtMs: Array<number>(ROTATIONS_MAX).fill(ROTATED_AT_MS) },
    presented: present(0),
    afterMs: 9999,
    policy: { rotation: 'strict' },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'beyond a full memory a replay follows the race under rotation strict',
    grant: { ...FULL, rotatedAtMs: Array<number>(ROTATIONS_MAX).fill(ROTATED_AT_MS) },
    presented: present(0),
    afterMs: 10_000,
    policy: { rotation: 'strict' },
    verdict: replay(100),
  },
  {
    name: 'what a memory with room to spare has forgotten is older than any overlap',
    grant: { generation: 100, rotatedAtMs: secondsApart(ROTATIONS_MAX - 1) },
    presented: present(100 - ROTATIONS_MAX),
    afterMs: 0,
    policy: { overlapSeconds: 900 },
    verdict: replay(ROTATIONS_MAX),
  },
]);

// A store that has lost its newest writes.
judgeCases(
  ROTATIONS.flatMap((rotation): Case[] =>
    (
      [
        ['one generation ahead is resynchronised', 1, 1024, resync(1)],
        ['as far ahead as allowed is resynchronised', 1024, 1024, resync(1024)],
        ['one further ahead than allowed is refused', 1025, 1024, refuse('ahead')],
        ['one ahead where one is allowed is resynchronised', 1, 1, resync(1)],
        ['two ahead where one is allowed is refused', 2, 1, refuse('ahead')],
        ['one ahead where none is allowed is refused', 1, 0, refuse('ahead')],
      ] as const
    ).map(([what, ahead, resyncGenerations, verdict]) => ({
      name: `a token ${what} under rotation ${rotation}`,
      presented: present(GENERATION + ahead),
      afterMs: 1000,
      policy: { rotation, resyncGenerations },
      verdict,
    })),
  ),
);
judgeCases([
  {
    name: 'a token from ahead is resynchronised though the stale row looks expired',
    presented: present(GENERATION + 2),
    afterMs: 10 * HOUR_MS,
    verdict: resync(2),
  },
  {
    name: 'the highest generation of all is out of the window of a young grant',
    presented: present(GENERATION_MAX),
    afterMs: 1000,
    verdict: refuse('ahead'),
  },
  {
    name: 'the highest generation of all is resynchronised from close below',
    grant: { generation: GENERATION_MAX - 3 },
    presented: present(GENERATION_MAX),
    afterMs: 1000,
    verdict: resync(3),
  },
]);

// Afterwards: three rotations whose moments were lost, between two that are known.
const RESYNCED = { generation: 9, rotatedAtMs: [ROTATED_AT_MS - 20_000, 0, 0, 0, ROTATED_AT_MS] };
judgeCases(
  (
    [
      ['the token that was resynchronised is repeated', 1, 59_999, repeat('overlap')],
      ['the token that was resynchronised leaves its overlap', 1, 60_000, replay(1)],
      ['a lost generation gets nothing and costs nothing', 2, 0, refuse('concurrent_use')],
      ['a lost generation costs nothing while it may be in its overlap', 2, 59_999, refuse('concurrent_use')],
      ['a lost generation is a replay once its overlap is certainly over', 2, 60_000, replay(2)],
      ['the oldest lost generation costs nothing either', 4, 59_999, refuse('concurrent_use')],
      ['the oldest lost generation is a replay at last', 4, 60_000, replay(4)],
      ['a generation from before the loss keeps its overlap', 5, 39_999, repeat('overlap')],
      ['a generation from before the loss leaves its overlap', 5, 40_000, replay(5)],
    ] as const
  ).map(([what, gap, afterMs, verdict]) => ({
    name: `after a resynchronisation ${what} (${afterMs} ms)`,
    grant: RESYNCED,
    presented: present(9 - gap),
    afterMs,
    verdict,
  })),
);
judgeCases([
  {
    name: 'under rotation strict a lost generation is a race for the seconds of a race',
    grant: RESYNCED,
    presented: present(6),
    afterMs: 9999,
    policy: { rotation: 'strict' },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'under rotation strict a lost generation is a replay after the race',
    grant: RESYNCED,
    presented: present(6),
    afterMs: 10_000,
    policy: { rotation: 'strict' },
    verdict: replay(3),
  },
]);

// A clock that jumps.
judgeCases([
  {
    name: 'a clock set back a year does not keep the current token from being rotated',
    presented: present(GENERATION),
    afterMs: -YEAR_MS,
    verdict: ROTATE,
  },
  {
    name: 'a clock set back a year counts as standing still for the overlap',
    presented: present(GENERATION - 1),
    afterMs: -YEAR_MS,
    verdict: repeat('overlap'),
  },
  {
    name: 'a clock set back a year counts as standing still for the race',
    presented: present(GENERATION - 1),
    afterMs: -YEAR_MS,
    policy: { rotation: 'strict' },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'a clock set back a year does not make a replay of a use of unknown age',
    presented: present(GENERATION - 1),
    afterMs: -YEAR_MS,
    policy: { rotation: 'strict', raceSeconds: 0 },
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'a clock set back to before the creation of the grant does not expire it',
    presented: present(GENERATION),
    afterMs: -86_400_001,
    policy: UNTIL_30_S_AFTER_ROTATION,
    verdict: ROTATE,
  },
  {
    name: 'a clock set forward ten years expires the current token',
    presented: present(GENERATION),
    afterMs: 10 * YEAR_MS,
    verdict: refuse('expired'),
  },
  {
    name: 'a clock set forward ten years does not make a replay of a predecessor',
    presented: present(GENERATION - 1),
    afterMs: 10 * YEAR_MS,
    verdict: refuse('expired'),
  },
]);

void test('a token that a clock set forward had expired works again once the clock is right', () => {
  const far = judge(GRANT, present(GENERATION), ROTATED_AT_MS + 10 * YEAR_MS, POLICY);
  const after = applyVerdict(GRANT, far, {
    presented: present(GENERATION),
    nowMs: ROTATED_AT_MS + 10 * YEAR_MS,
    keyNumber: 1,
    caller: CALLER,
  });
  assert.deepEqual(judge(after, present(GENERATION), ROTATED_AT_MS + 1000, POLICY), ROTATE);
});

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
const histories = fc
  .array(fc.oneof(fc.constant(0), moments), { maxLength: ROTATIONS_MAX })
  .chain((earlier) => moments.map((last) => [...earlier, last].slice(-ROTATIONS_MAX)));
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
      const verdict = judge(isGone ? undefined : grant, presented, nowMs, policy);
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
      const first = judge(grant, presented, nowMs, policy);
      const used = { presented, nowMs, keyNumber: 2, caller: CALLER };
      const after = applyVerdict(grant, freeze(first), freeze(used));
      assert.deepEqual(judge(grant, presented, nowMs, policy), first);
      assert.deepEqual(applyVerdict(grant, first, used), after);
      assert.deepEqual(use, before);
    }),
    { numRuns: 2000 },
  );
});

void test('only the current token of an active grant, presented by its own client, is rotated', () => {
  fc.assert(
    fc.property(uses, ({ grant, presented, nowMs, policy }) => {
      const { kind } = judge(grant, presented, nowMs, policy);
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
      const verdict = judge(grant, presented, nowMs, policy);
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
      const verdict = judge(revoked, presented, nowMs, policy);
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
      const verdict = judge(grant, presented, nowMs, policy);
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
        assert.deepEqual(judge(grant, use.presented, use.nowMs, policy), ROTATE);
        const after = applyVerdict(grant, ROTATE, use);
        const again = judge(after, use.presented, use.nowMs + (ms % (overlapSeconds * 1000)), policy);
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
        assert.notEqual(judge(after, use.presented, later, policy).kind, 'rotate');
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
        nowMs: ROTATED_AT_MS + 5000,
        keyNumber: 2,
        caller: CALLER,
      };
      const verdict = judge(grant, use.presented, use.nowMs, POLICY);
      assert.deepEqual(verdict, resync(generation - grant.generation));
      const after = applyVerdict(grant, verdict, use);
      assert.deepEqual(judge(after, use.presented, use.nowMs + 59_999, POLICY), repeat('overlap'));
      assert.deepEqual(judge(after, use.presented, use.nowMs + 60_000, POLICY), replay(1));
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
        const verdict = judge(grant, presented, nowMs, policy);
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
  if (policy.rotation === 'overlap' && sinceFirstUseMs < policy.overlapSeconds * 1000)
    return repeat('overlap');
  if (sinceFirstUseMs < policy.raceSeconds * 1000) return refuse('concurrent_use');
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
        const verdict = judge(grant, presented, nowMs, policy);
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
