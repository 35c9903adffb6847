import type { Prng } from '../../support/prng.ts';
import type { Checker } from './checker.ts';
import type { Plan, Trouble } from './plan.ts';
import type { VirtualProcess } from './process.ts';
import type { VirtualProvider } from './virtual-provider.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a network is made from. */
export type NetworkParts = {
  readonly time: VirtualTime;
  readonly prng: Prng;
  readonly plan: Plan;
  readonly provider: VirtualProvider;
  readonly checker: Checker;
  readonly isTroubled: () => boolean;
  /** Called at moments at which a process had better not die. */
  readonly strike: (process: VirtualProcess, car: string) => void;
};

/** Decides whether a trouble strikes now. */
export type Strikes = (trouble: Trouble, probability: number) => boolean;

/** Decides by the chance of the simulation, or by that of the later troubles. */
export const strikesOf = ({
  plan,
  prng,
  isTroubled,
}: NetworkParts): { goesWrong: Strikes; laterGoesWrong: Strikes } => ({
  goesWrong: (trouble, probability) => isTroubled() && plan.troubles.has(trouble) && prng.chance(probability),
  laterGoesWrong: (trouble, probability) =>
    isTroubled() && plan.troubles.has(trouble) && plan.weather.chance(probability),
});
