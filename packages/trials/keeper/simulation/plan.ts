import { createPrng } from '../../support/prng.ts';
import type { ProviderKind } from './virtual-provider.ts';

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
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What a seed decides before the first step. */
export type Plan = {
  readonly kind: ProviderKind;
  readonly cars: number;
  readonly keepers: number;
  readonly troubles: ReadonlySet<Trouble>;
};

export const PROVIDER_KINDS: readonly ProviderKind[] = [
  'same_pair',
  'new_pair',
  'last_pair',
  'once',
  'once_punishing',
  'until_used',
];

/** Draws a plan. A seed has about half of the troubles: one that hides another is missing in the next. */
export const drawPlan = (seed: number, kind: ProviderKind | undefined): Plan => {
  const prng = createPrng(seed);
  const drawn = prng.pick(PROVIDER_KINDS);
  const troubles = new Set(TROUBLES.filter(() => prng.chance(0.55)));
  return { kind: kind ?? drawn, cars: prng.between(3, 25), keepers: prng.between(2, 4), troubles };
};
