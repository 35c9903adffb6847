import { createPrng } from '../../support/prng.ts';
import type { Prng } from '../../support/prng.ts';
import type { ProviderKind } from './virtual-provider.ts';

/** What was added later, and is drawn by itself: the stories of seeds without it stay as they were. */
const LATER_TROUBLES = ['outages', 'patience', 'firewalls', 'strangers', 'sudden_ends'] as const;
const LATEST_TROUBLES = ['refresh_only'] as const;

/** What can go wrong in a simulation. */
export const TROUBLES = [
  'lost_requests',
  'lost_answers',
  'half_answers',
  'slow_answers',
  'gateway_errors',
  'rate_limits',
  'client_refused',
  'late_requests',
  'deaths',
  'all_die',
  'stops',
  'sleeps',
  'store_failures',
  'store_outages',
  'jumps',
  'revocations',
  'new_consents',
  'disconnections',
  ...LATER_TROUBLES,
  ...LATEST_TROUBLES,
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What a seed decides before the first step. */
export type Plan = {
  readonly kind: ProviderKind;
  readonly cars: number;
  readonly keepers: number;
  readonly troubles: ReadonlySet<Trouble>;
  /** The source of chance of the later troubles. */
  readonly weather: Prng;
};

export const PROVIDER_KINDS: readonly ProviderKind[] = [
  'same_pair',
  'new_pair',
  'last_pair',
  'once',
  'once_punishing',
  'until_used',
];

const WEATHER = 1_000_000;
const isLater = (name: Trouble): boolean =>
  [...LATER_TROUBLES, ...LATEST_TROUBLES].some((one) => one === name);

/** Draws a plan. A seed has about half of the troubles: one that hides another is missing in the next. */
export const drawPlan = (seed: number, kind: ProviderKind | undefined): Plan => {
  const prng = createPrng(seed);
  const drawn = prng.pick(PROVIDER_KINDS);
  const weather = createPrng(seed + WEATHER);
  const latest = createPrng(seed + 2 * WEATHER);
  const later = new Set<Trouble>([
    ...LATER_TROUBLES.filter(() => weather.chance(0.35)),
    ...LATEST_TROUBLES.filter(() => latest.chance(0.35)),
  ]);
  const troubles = new Set(
    TROUBLES.filter((name) => later.has(name) || (!isLater(name) && prng.chance(0.55))),
  );
  return { kind: kind ?? drawn, cars: prng.between(3, 25), keepers: prng.between(2, 4), troubles, weather };
};
