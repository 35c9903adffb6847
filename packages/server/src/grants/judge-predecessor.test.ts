import type { Policy } from '../clients/policy.ts';
import {
  DIGEST,
  GENERATION,
  HOUR_MS,
  OTHER_DIGEST,
  REACTIONS,
  REVOKED,
  ROTATE,
  ROTATED_AT_MS,
  ROTATIONS,
  judgeCases,
  present,
  refuse,
  repeat,
  replay,
} from './judge.cases.ts';
import type { Case } from './judge.cases.ts';
import type { Verdict } from './judge.ts';
import { ROTATIONS_MAX } from './rotation-history.ts';

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
      ['overlap: right after it, a retry that came late', {}, 60_000, refuse('concurrent_use')],
      ['overlap: the last millisecond of the race', {}, 69_999, refuse('concurrent_use')],
      ['overlap: a replay after the race', {}, 70_000, replay(1, onReplay)],
      ['overlap: without a race, a replay right after it', { raceSeconds: 0 }, 60_000, replay(1, onReplay)],
      ['overlap of none: a race at once', { overlapSeconds: 0 }, 0, refuse('concurrent_use')],
      ['overlap of none: a race to its end', { overlapSeconds: 0 }, 9999, refuse('concurrent_use')],
      ['overlap of none: a replay after the race', { overlapSeconds: 0 }, 10_000, replay(1, onReplay)],
      ['overlap below the race: a repeat', { overlapSeconds: 5 }, 4999, repeat('overlap')],
      ['overlap below the race: then a race', { overlapSeconds: 5 }, 5000, refuse('concurrent_use')],
      ['overlap below the race: a race to its end', { overlapSeconds: 5 }, 14_999, refuse('concurrent_use')],
      ['overlap below the race: then a replay', { overlapSeconds: 5 }, 15_000, replay(1, onReplay)],
      ['the longest overlap: a repeat', { overlapSeconds: 900 }, 899_999, repeat('overlap')],
      ['the longest overlap: then a race', { overlapSeconds: 900 }, 909_999, refuse('concurrent_use')],
      ['the longest overlap: then a replay', { overlapSeconds: 900 }, 910_000, replay(1, onReplay)],
      ['until-used: a repeat at once', { rotation: 'until-used' }, 0, repeat('until_used')],
      ['until-used: a repeat long after', { rotation: 'until-used' }, HOUR_MS - 1, repeat('until_used')],
      [
        'until-used with a limit: a repeat in its last millisecond',
        { rotation: 'until-used', untilUsedSeconds: 1800 },
        1_799_999,
        repeat('until_used'),
      ],
      [
        'until-used with a limit: then a retry that came late',
        { rotation: 'until-used', untilUsedSeconds: 1800 },
        1_800_000,
        refuse('concurrent_use'),
      ],
      [
        'until-used with a limit: then a replay',
        { rotation: 'until-used', untilUsedSeconds: 1800 },
        1_810_000,
        replay(1, onReplay),
      ],
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
    name: 'a token from before all rotations that are remembered gets nothing and costs nothing while it may be in its overlap',
    presented: present(0),
    afterMs: 69_999,
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'a token from before all rotations that are remembered is a replay once its overlap and race are certainly over',
    presented: present(0),
    afterMs: 70_000,
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
      [3, 10_000, refuse('concurrent_use')],
      [3, 20_000, replay(3)],
      [2, 10_000, repeat('overlap')],
      [2, 29_999, repeat('overlap')],
      [2, 30_000, refuse('concurrent_use')],
      [2, 40_000, replay(2)],
      [1, 30_000, repeat('overlap')],
      [1, 59_999, repeat('overlap')],
      [1, 60_000, refuse('concurrent_use')],
      [1, 70_000, replay(1)],
      [4, 19_999, refuse('concurrent_use')],
      [4, 20_000, replay(4)],
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
    name: 'the oldest rotation that is remembered is out of its overlap and race exactly',
    grant: FULL,
    presented: present(100 - ROTATIONS_MAX),
    afterMs: 39_000,
    verdict: replay(ROTATIONS_MAX),
  },
  {
    name: 'a predecessor beyond a full memory gets nothing and costs nothing while it may be in its overlap',
    grant: FULL,
    presented: present(99 - ROTATIONS_MAX),
    afterMs: 38_999,
    verdict: refuse('concurrent_use'),
  },
  {
    name: 'a predecessor beyond a full memory is a replay once its overlap and race are certainly over',
    grant: FULL,
    presented: present(99 - ROTATIONS_MAX),
    afterMs: 39_000,
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
]);

// Afterwards: three rotations whose moments were lost, between two that are known.
const RESYNCED = { generation: 9, rotatedAtMs: [ROTATED_AT_MS - 20_000, 0, 0, 0, ROTATED_AT_MS] };
judgeCases(
  (
    [
      ['the token that was resynchronised is repeated', 1, 59_999, repeat('overlap')],
      ['the token that was resynchronised is a replay after its overlap and race', 1, 70_000, replay(1)],
      ['a lost generation gets nothing and costs nothing', 2, 0, refuse('concurrent_use')],
      ['a lost generation costs nothing while it may be in its overlap', 2, 69_999, refuse('concurrent_use')],
      ['a lost generation is a replay once its overlap and race are certainly over', 2, 70_000, replay(2)],
      ['the oldest lost generation costs nothing either', 4, 69_999, refuse('concurrent_use')],
      ['the oldest lost generation is a replay at last', 4, 70_000, replay(4)],
      ['a generation from before the loss keeps its overlap', 5, 39_999, repeat('overlap')],
      [
        'a generation from before the loss is in a race after its overlap',
        5,
        40_000,
        refuse('concurrent_use'),
      ],
      ['a generation from before the loss is a replay after the race', 5, 50_000, replay(5)],
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
