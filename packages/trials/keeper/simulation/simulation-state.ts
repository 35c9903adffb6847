import type { Keeper } from '@keyfob/keeper';
import type { Prng } from '../../support/prng.ts';
import type { Checker } from './checker.ts';
import type { SharedStore } from './keeper-process.ts';
import type { Network } from './network.ts';
import type { Plan } from './plan.ts';
import type { VirtualProcess, Wall } from './process.ts';
import type { VirtualProvider } from './virtual-provider.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A process whose keeper is open. */
export type Running = { readonly process: VirtualProcess; readonly keeper: Keeper };

/** What the parts of a simulation share. */
export type Simulation = {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly prng: Prng;
  readonly wall: Wall;
  readonly provider: VirtualProvider;
  readonly checker: Checker;
  readonly network: Network;
  readonly shared: SharedStore;
  /** What happens to a process, and to a car, in the middle of a refresh. */
  readonly strike: (process: VirtualProcess, car: string) => void;
  readonly processes: VirtualProcess[];
  /** By the number of the machine; `undefined` while none runs there. */
  readonly running: (Running | undefined)[];
  readonly state: { isCalm: boolean; awayUntilMs: number; kills: number; made: number };
};

/** The processes that run, in the order of their machines. */
export const aliveOnes = ({ running }: Simulation): readonly Running[] =>
  running.filter((one) => one !== undefined);
