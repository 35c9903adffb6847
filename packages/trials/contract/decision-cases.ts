import fc from 'fast-check';
import type { Policy } from '@keyfob/server/clients';
import type { Grant, Vehicle } from '@keyfob/server/grants';
import type { RefreshUse } from '@keyfob/server/stores';
import {
  CALLER,
  NOW_MS,
  OTHER_CALLER,
  OVERLAP_POLICY,
  sampleGrant,
  sampleUse,
  sampleVehicle,
} from '../support/samples.ts';

/** A use of a refresh token, with its grant, what the grant covers, and the policy. */
export type DecisionCase = {
  readonly grant: Grant;
  readonly vehicles: readonly Vehicle[];
  readonly use: RefreshUse;
  readonly policy: Policy;
};

/** The highest possible generation. */
const LAST = 0xffff_ffff;
const HOUR_SECONDS = 3600;
const DIGESTS = [1, 2].map((seed) => Uint8Array.from({ length: 16 }, (_, index) => index * seed));

const brand = fc.constantFrom(undefined, undefined, 'kia', 'genesis');
const digest = fc.constantFrom(undefined, ...DIGESTS);
/** Short enough that many tokens have expired. */
const lifetime = fc.integer({ min: 60, max: 2 * HOUR_SECONDS });

const policy: fc.Arbitrary<Policy> = fc
  .record({
    rotation: fc.constantFrom('strict', 'overlap', 'until-used', 'none', 'overlap'),
    refreshTokenLifetimeSeconds: fc.oneof(lifetime, fc.constant(10 ** 8)),
    grantLifetimeSeconds: fc.oneof(fc.constant(null), lifetime, lifetime),
    overlapSeconds: fc.integer({ min: 0, max: 59 }),
    raceSeconds: fc.integer({ min: 0, max: 59 }),
    onReplay: fc.constantFrom('revoke', 'refuse', 'observe'),
    resyncGenerations: fc.constantFrom(0, 2, 1024),
  })
  .map((fields) => ({ ...OVERLAP_POLICY, ...fields }));

/** Times of rotations, oldest first. All but the newest may be unknown. They are close enough to be stored exactly. */
const history = fc
  .tuple(
    fc.oneof(
      fc.array(fc.option(fc.integer({ min: 0, max: 120_000 })), { maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: HOUR_SECONDS * 1000 }), { maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 29, maxLength: 31 }),
    ),
    fc.integer({ min: 0, max: HOUR_SECONDS }),
  )
  .map(([gaps, age]) => {
    let next = NOW_MS - age * 1000;
    const moments = [next];
    for (const gap of gaps) moments.unshift(gap === null ? 0 : (next -= gap));
    return moments;
  });

const grant = fc.record({
  createdAtMs: fc.integer({ min: 0, max: 2 * HOUR_SECONDS * 1000 }).map((ageMs) => NOW_MS - ageMs),
  brand,
  generation: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }), fc.constantFrom(LAST - 1, LAST)),
  rotatedAtMs: fc.oneof(fc.constant([]), history),
  rotatedBy: fc.constantFrom(undefined, CALLER, OTHER_CALLER),
  useDigest: digest,
  revocation: fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('operator', 'owner')
        .map((cause) => ({ atMs: NOW_MS - 1000, cause }) as const),
    },
  ),
});

const use = fc.record({
  /** The distance of the presented generation from the current one, usually 0. */
  distance: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constantFrom(-1, 1) },
    { weight: 1, arbitrary: fc.integer({ min: -40, max: 5 }) },
  ),
  nowMs: fc.oneof(
    fc.integer({ min: -120_000, max: HOUR_SECONDS * 1000 }).map((ms) => NOW_MS + ms),
    fc.constantFrom(-1, 0, 1).map((ms) => NOW_MS + ms),
    // A clock that is far behind.
    fc.integer({ min: 1, max: 70 }).map((days) => NOW_MS - days * 24 * HOUR_SECONDS * 1000),
  ),
  doubt: fc.option(
    fc.record({
      beforeMs: fc.oneof(
        fc.constant(Infinity),
        fc.integer({ min: -HOUR_SECONDS * 1000, max: HOUR_SECONDS * 1000 }).map((ms) => NOW_MS + ms),
      ),
      byMs: fc.integer({ min: 0, max: 2 * HOUR_SECONDS * 1000 }),
    }),
    { nil: undefined },
  ),
  brand,
  useDigest: digest,
  isRetryOfOurs: fc.boolean(),
  scope: fc.oneof(
    { weight: 7, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom('read_charge', 'read_vin') },
  ),
  imported: fc.constantFrom(undefined, undefined, { withdrawnKey: undefined }, { withdrawnKey: 1 }),
  isOfOtherClient: fc.integer({ min: 0, max: 15 }).map((number) => number === 0),
});

/** Moves the end of the grant or of its current token to the time of the use, or one step before or after it. */
const edge = fc.option(
  fc.record({ ends: fc.constantFrom('grant', 'token'), steps: fc.constantFrom(-1, 0, 1) }),
  { freq: 2 },
);

/** Longer gaps are not stored exactly. */
const GAP_MAX_MS = HOUR_SECONDS * 1000;

/** The grant without its history if the next rotation comes too long after it. */
const withinGap = ({ nowMs, ...begun }: Moments): Omit<Moments, 'nowMs'> => {
  const nextMs = Math.max(nowMs, begun.createdAtMs);
  const newestMs = begun.rotatedAtMs.at(-1) ?? nextMs;
  return nextMs - newestMs > GAP_MAX_MS ? { ...begun, rotatedAtMs: [] } : begun;
};

type Moments = Pick<Grant, 'createdAtMs' | 'rotatedAtMs'> & { readonly nowMs: number };

const atEdge = (
  moments: Moments,
  { grantLifetimeSeconds, refreshTokenLifetimeSeconds }: Policy,
  { ends, steps }: { readonly ends: string; readonly steps: number },
): Moments => {
  const nowMs = Math.floor(moments.nowMs / 1000) * 1000;
  // A time so far from the others is not stored exactly.
  if (ends === 'token' && refreshTokenLifetimeSeconds > 2 * HOUR_SECONDS) return moments;
  if (ends === 'token' && moments.rotatedAtMs.length > 0)
    return { ...moments, nowMs, rotatedAtMs: [nowMs - refreshTokenLifetimeSeconds * 1000 + steps] };
  const lifetimeSeconds = ends === 'token' ? refreshTokenLifetimeSeconds : grantLifetimeSeconds;
  const createdAtMs = moments.nowMs + (steps - (lifetimeSeconds ?? 0)) * 1000;
  return { ...moments, nowMs, createdAtMs };
};

/** The client of a case, and another client with the same policy. */
export const clientIdsOf = (id: bigint): readonly [own: string, other: string] => [
  `client-${id}`,
  `other-${id}`,
];

const vehicles = fc.subarray([sampleVehicle(1), sampleVehicle(2)]);

/** A case for the grant with this id. */
export const decisionCase = (id: bigint): fc.Arbitrary<DecisionCase> =>
  fc.record({ policy, grant, vehicles, use, edge }).map((one) => {
    const [own, other] = clientIdsOf(id);
    const { distance, nowMs: usedAtMs, doubt, isOfOtherClient, ...presented } = one.use;
    const { createdAtMs, rotatedAtMs } = one.grant;
    const moments = { createdAtMs, rotatedAtMs, nowMs: usedAtMs };
    const edged = one.edge === null ? moments : atEdge(moments, one.policy, one.edge);
    const { nowMs } = edged;
    const generation = Math.min(LAST, Math.max(0, one.grant.generation + distance));
    return {
      policy: one.policy,
      vehicles: one.vehicles,
      grant: sampleGrant({ ...one.grant, ...withinGap(edged), id, clientId: own }),
      use: sampleUse(generation, {
        nowMs,
        doubt,
        keyNumber: 2,
        presented: { ...presented, grantId: id, clientId: isOfOtherClient ? other : own },
      }),
    };
  });
