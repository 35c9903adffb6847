import type { ClientType, Policy } from '@keyfob/server/clients';
import type { Prng } from '../support/prng.ts';
import type { DialectName } from '../support/dialect-name.ts';

/** What may go wrong. Each seed has only some of these, so that no fault hides the effect of another. */
export const FAULTS = [
  'lost-requests',
  'lost-answers',
  'slow-network',
  'double-sends',
  'long-sleeps',
  'client-crashes',
  'two-processes',
  'bursts',
  'old-pages',
  'token-thief',
  'foreign-token-thief',
  'code-thief',
  'incomplete-code-thief',
  'operator-revokes',
  'operator-disables',
  'operator-restores',
  'operator-prunes',
  'key-rotations',
  'failovers',
  'store-away',
  'slow-store',
  'commit-answers-lost',
  'commits-lost',
  'many-nodes',
  'node-deaths',
  'clock-skew',
  'clock-jumps-forward',
  'clock-jumps-back',
  'clock-glitches',
] as const;
/** Faults of `drawClockPlan` only. */
const CLOCK_FAULTS = ['clock-far-jumps', 'clock-drift'] as const;
export type Fault = (typeof FAULTS)[number] | (typeof CLOCK_FAULTS)[number];

/** The brands of Pleos grants. */
export const BRANDS = ['kia', 'hyundai'] as const;

/** The plan of a grant. */
export type GrantPlan = {
  readonly name: string;
  /** How the grant begins: the owner consents and the client redeems a code, or the operator creates it. */
  readonly begins: 'by consent' | 'by operator';
  readonly brand: string | undefined;
  readonly createdAfterMs: number;
  /** The longest time between two refreshes. */
  readonly waitMaxMs: number;
  readonly processes: number;
};

export type ClientPlan = {
  readonly name: string;
  readonly dialect: DialectName;
  readonly type: ClientType;
  readonly policy: Policy;
  /** Whether its requests carry an `Idempotency-Key`, and whether the client saves the key before it sends it. */
  readonly keys: 'none' | 'forgotten' | 'saved';
  readonly grants: readonly GrantPlan[];
};

/** The scenario of a seed. */
export type Plan = {
  readonly faults: ReadonlySet<Fault>;
  readonly clients: readonly ClientPlan[];
  readonly nodes: number;
  readonly lengthMs: number;
};

const DAY_MS = 86_400_000;
const CLIENTS_MAX = 4;
const GRANTS_MAX = 7;

/** Any scenario. */
export const drawPlan = (prng: Prng): Plan => limitUnusedTokens(drawUnlimitedPlan(prng), prng);

const drawUnlimitedPlan = (prng: Prng): Plan => {
  const share = prng.pick([0, 0.15, 0.35, 0.6]);
  const faults = new Set(FAULTS.filter(() => prng.chance(share)));
  const lengthMs = prng.between(1, 4) * DAY_MS;
  const clients: ClientPlan[] = [];
  let grants = 0;
  const wanted = prng.between(1, CLIENTS_MAX);
  while (clients.length < wanted && grants < GRANTS_MAX) {
    const number = clients.length + 1;
    const dialect = prng.pick(['smartcar', 'pleos']);
    const type = dialect === 'smartcar' && prng.chance(0.3) ? 'public' : 'confidential';
    const policy = drawPolicy(prng, type);
    const count = Math.min(prng.between(1, 4), GRANTS_MAX - grants);
    grants += count;
    clients.push({
      name: `client-${number}`,
      dialect,
      type,
      policy,
      keys: prng.pick(['none', 'none', 'forgotten', 'saved']),
      grants: Array.from({ length: count }, (_, index) =>
        drawGrant(prng, {
          name: `g${number}${String.fromCharCode(97 + index)}`,
          dialect,
          waitMaxMs: drawWaitMaxMs(prng, policy, lengthMs),
          lengthMs,
          processes: faults.has('two-processes') && prng.chance(0.6) ? 2 : 1,
        }),
      ),
    });
  }
  return { faults, clients, nodes: faults.has('many-nodes') ? prng.between(2, 3) : 1, lengthMs };
};

/**
 * A scenario in which the clock of the machine drifts and jumps, far and near, while the servers run and while they start.
 * Nothing else is wrong that could cost an honest client its grant.
 */
export const drawClockPlan = (prng: Prng): Plan => {
  const { clients, lengthMs } = drawUnlimitedPlan(prng);
  const others = (['clock-drift', 'node-deaths', 'lost-answers'] as const).filter(() => prng.chance(0.5));
  const faults = new Set<Fault>(['clock-far-jumps', ...others]);
  const losesAnswers = faults.has('node-deaths') || faults.has('lost-answers');
  return {
    faults,
    nodes: prng.between(1, 2),
    lengthMs,
    clients: clients.map((client) => {
      const policy: Policy = {
        ...client.policy,
        refreshTokenLifetimeSeconds: prng.pick([14_400, 86_400, 5_184_000]),
        rotation: losesAnswers ? 'until-used' : prng.pick(['strict', 'overlap', 'until-used'] as const),
        onReplay: 'revoke',
        onReplayAccessTokens: 'end',
        grantLifetimeSeconds: null,
        resyncGenerations: 1024,
      };
      const grants = client.grants.map((grant): GrantPlan => ({
        ...grant,
        begins: 'by operator',
        processes: 1,
        waitMaxMs: Math.min(grant.waitMaxMs, policy.refreshTokenLifetimeSeconds * 800),
      }));
      return { ...client, policy, grants };
    }),
  };
};

const drawGrant = (
  prng: Prng,
  {
    dialect,
    lengthMs,
    ...plan
  }: Pick<GrantPlan, 'name' | 'waitMaxMs' | 'processes'> &
    Pick<ClientPlan, 'dialect'> &
    Pick<Plan, 'lengthMs'>,
): GrantPlan => {
  const begins = prng.chance(0.8) ? 'by consent' : 'by operator';
  // A consent always has a brand; a grant of an operator may have none.
  const brands = begins === 'by consent' ? BRANDS : ([...BRANDS, undefined] as const);
  return {
    ...plan,
    begins,
    brand: dialect === 'pleos' ? prng.pick<string | undefined>(brands) : undefined,
    createdAfterMs: prng.chance(0.5) ? prng.between(0, lengthMs / 2) : 0,
  };
};

/** How long the last used token may be repeated under `until-used`. Drawn last, so that the rest of a seed does not depend on it. */
const limitUnusedTokens = (plan: Plan, prng: Prng): Plan => ({
  ...plan,
  clients: plan.clients.map((client) => {
    const untilUsedSeconds = prng.pick([undefined, 60, 3600, 21_600]);
    if (client.policy.rotation !== 'until-used' || untilUsedSeconds === undefined) return client;
    return { ...client, policy: { ...client.policy, untilUsedSeconds } };
  }),
});

/** Usually within the lifetime of a refresh token, and not so short that a seed takes long. */
const drawWaitMaxMs = (prng: Prng, policy: Policy, lengthMs: number): number => {
  const waitMaxMs = (2 * lengthMs) / prng.pick([6, 20, 40]);
  const lifetimeMs = policy.refreshTokenLifetimeSeconds * 1000;
  return prng.chance(0.9) ? Math.min(waitMaxMs, lifetimeMs * 0.8) : waitMaxMs;
};

/** Any policy that a client of its type may have; extreme values are more frequent than in a uniform draw. */
const drawPolicy = (prng: Prng, type: ClientType): Policy => ({
  refreshTokenLifetimeSeconds: prng.pick([14_400, 86_400, 5_184_000, 7_776_000]),
  accessTokenLifetimeSeconds: prng.pick([600, 3600, 7200]),
  rotation: prng.pick([
    'strict',
    'strict',
    'overlap',
    'overlap',
    'until-used',
    'until-used',
    type === 'public' ? 'overlap' : 'none',
  ]),
  overlapSeconds: prng.pick([0, 5, 60, 300, 900]),
  raceSeconds: prng.pick([0, 2, 10, 60]),
  onReplay: type === 'public' ? 'revoke' : prng.pick(['revoke', 'revoke', 'revoke', 'refuse', 'observe']),
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: prng.chance(0.1) ? prng.pick([7200, 86_400]) : null,
  resyncGenerations: prng.pick([1024, 1024, 1024, 3, 0]),
  requireUserAgent: prng.chance(0.5),
  includeRefreshExpiry: prng.chance(0.5),
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
  dialectOptions: { deadTokenCode: prng.pick(['4002', '401', '403', '4011']) },
});
