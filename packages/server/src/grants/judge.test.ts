import { GENERATION_MAX } from '../tokens/refresh-token.ts';
import {
  CREATED_AT,
  DIGEST,
  GENERATION,
  HOUR_MS,
  REVOKED,
  ROTATE,
  ROTATED_AT_MS,
  ROTATIONS,
  UNTIL_30_S_AFTER_ROTATION,
  judgeCases,
  present,
  refuse,
  repeat,
  replay,
  resync,
} from './judge.cases.ts';
import type { Case } from './judge.cases.ts';

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
    name: 'an imported token, issued elsewhere before its grant was created, expires counted from its issuance',
    grant: { ...FRESH, rotatedAtMs: [ROTATED_AT_MS - HOUR_MS / 2] },
    presented: present(0),
    afterMs: HOUR_MS / 2,
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

// The absolute end of a grant.
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

// What a refresh asks for.
const BROAD = { grant: { scope: 'a b' }, policy: { grantScope: 'a b c' } };
judgeCases([
  {
    ...BROAD,
    name: 'a narrower scope',
    presented: present(GENERATION, { scope: 'a' }),
    afterMs: 0,
    verdict: ROTATE,
  },
  {
    ...BROAD,
    name: 'a wider scope is refused, and the token stays good',
    presented: present(GENERATION, { scope: 'a c' }),
    afterMs: 0,
    verdict: refuse('scope_not_allowed'),
  },
  {
    ...BROAD,
    name: 'a granted scope that the client is no longer allowed is refused',
    policy: { grantScope: 'a' },
    presented: present(GENERATION, { scope: 'b' }),
    afterMs: 0,
    verdict: refuse('scope_not_allowed'),
  },
  {
    ...BROAD,
    name: 'an honest retry with the same narrower scope is a repeat',
    presented: present(GENERATION - 1, { scope: 'a' }),
    afterMs: 1000,
    verdict: repeat('overlap'),
  },
  {
    ...BROAD,
    name: 'a retry that asks for more is refused',
    presented: present(GENERATION - 1, { scope: 'c' }),
    afterMs: 1000,
    verdict: refuse('scope_not_allowed'),
  },
  {
    ...BROAD,
    name: 'a wider scope moves no grant whose store lost writes',
    presented: present(GENERATION + 1, { scope: 'c' }),
    afterMs: 1000,
    verdict: refuse('scope_not_allowed'),
  },
  {
    ...BROAD,
    name: 'a replay stays a replay, whatever it asks for',
    presented: present(0, { scope: 'c' }),
    afterMs: HOUR_MS / 2,
    verdict: replay(GENERATION),
  },
  {
    ...BROAD,
    name: 'another client does not learn what was granted',
    presented: present(GENERATION, { clientId: 'client-b', scope: 'c' }),
    afterMs: 0,
    verdict: refuse('client_mismatch'),
  },
]);

const COMPROMISED = {
  state: 'compromised',
  atMs: ROTATED_AT_MS,
  opensUntilMs: ROTATED_AT_MS + 2 * HOUR_MS,
} as const;
const LONG = { refreshTokenLifetimeSeconds: 86_400 };
const IN_WINDOW_MS = 2 * HOUR_MS - 1;

// A key that an operator withdrew.
judgeCases([
  ...ROTATIONS.map((rotation): Case => ({
    name: `with rotation ${rotation}, the current token of a compromised key is replaced until its window ends`,
    presented: present(GENERATION, { withdrawal: COMPROMISED }),
    afterMs: IN_WINDOW_MS,
    policy: { ...LONG, rotation },
    verdict: ROTATE,
  })),
  {
    name: 'the current token of a compromised key is refused when its window has ended',
    presented: present(GENERATION, { withdrawal: COMPROMISED }),
    afterMs: IN_WINDOW_MS + 1,
    policy: LONG,
    verdict: refuse('key_compromised'),
  },
  {
    name: 'a window whose end is in doubt has not ended',
    presented: present(GENERATION, { withdrawal: COMPROMISED }),
    afterMs: 3 * HOUR_MS,
    doubt: { beforeMs: ROTATED_AT_MS + 3 * HOUR_MS, byMs: HOUR_MS + 1 },
    policy: LONG,
    verdict: ROTATE,
  },
  {
    name: 'a token of a retired key is refused',
    presented: present(GENERATION, { withdrawal: { state: 'retired', atMs: ROTATED_AT_MS } }),
    afterMs: 1000,
    verdict: refuse('key_retired'),
  },
  {
    name: 'a token of a compromised key that is ahead of the store proves nothing',
    presented: present(GENERATION + 1, { withdrawal: COMPROMISED }),
    afterMs: 1000,
    verdict: refuse('key_compromised'),
  },
  {
    name: 'the predecessor under a compromised key is repeated inside the overlap, for a lost answer',
    presented: present(GENERATION - 1, { withdrawal: COMPROMISED }),
    afterMs: 59_000,
    verdict: repeat('overlap'),
  },
  {
    name: 'a replay of a token of a compromised key does not revoke, for its thief can make any generation',
    presented: present(GENERATION - 1, { withdrawal: COMPROMISED }),
    afterMs: HOUR_MS / 2,
    verdict: replay(1, 'refuse'),
  },
  {
    name: 'a replay of a token of a compromised key is only observed where the policy says so',
    presented: present(0, { withdrawal: COMPROMISED }),
    afterMs: HOUR_MS / 2,
    policy: { onReplay: 'observe' },
    verdict: replay(GENERATION, 'observe'),
  },
  {
    name: 'without rotation, every holder of a replaced token gets its successor',
    presented: present(GENERATION - 1, { withdrawal: COMPROMISED }),
    afterMs: IN_WINDOW_MS,
    policy: { ...LONG, rotation: 'none' },
    verdict: repeat('not_rotated'),
  },
  ...ROTATIONS.map((rotation): Case => ({
    name: `with rotation ${rotation}, an imported token is replaced once the key of its grant is withdrawn`,
    grant: { generation: 0 },
    presented: present(0, { imported: { withdrawnKey: 1 } }),
    afterMs: 3 * HOUR_MS,
    policy: { ...LONG, rotation },
    verdict: ROTATE,
  })),
  {
    name: 'without rotation, an imported token stays while the key of its grant is usable',
    grant: { generation: 0 },
    presented: present(0, { imported: { withdrawnKey: undefined } }),
    afterMs: HOUR_MS,
    policy: { ...LONG, rotation: 'none' },
    verdict: repeat('not_rotated'),
  },
  {
    name: 'without rotation, every holder of a replaced imported token gets its successor',
    grant: { generation: 1 },
    presented: present(0, { imported: { withdrawnKey: undefined } }),
    afterMs: 3 * HOUR_MS,
    policy: { ...LONG, rotation: 'none' },
    verdict: repeat('not_rotated'),
  },
  {
    name: 'without rotation, an imported token that was replaced after it was found is answered with its successor',
    grant: { generation: 1, keyNumber: 2 },
    presented: present(0, { imported: { withdrawnKey: 1 } }),
    afterMs: 1,
    policy: { ...LONG, rotation: 'none' },
    verdict: repeat('not_rotated'),
  },
  {
    name: 'without rotation, a replaced imported token gets no successor of a withdrawn key, and revokes nothing',
    grant: { generation: 1 },
    presented: present(0, { imported: { withdrawnKey: 1 } }),
    afterMs: 3 * HOUR_MS,
    policy: { ...LONG, rotation: 'none' },
    verdict: replay(1, 'refuse'),
  },
  {
    name: 'with rotation, the replay of an imported token revokes as any other',
    grant: { generation: 1 },
    presented: present(0, { imported: { withdrawnKey: undefined } }),
    afterMs: 3 * HOUR_MS,
    policy: LONG,
    verdict: replay(1),
  },
  {
    name: 'a token of a compromised key of a revoked grant is refused as revoked',
    grant: REVOKED,
    presented: present(GENERATION, { withdrawal: COMPROMISED }),
    afterMs: 1000,
    verdict: refuse('revoked'),
  },
]);
