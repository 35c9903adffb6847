import { importMutated } from '../support/mutation.ts';
import { DEVICE_MUTATIONS } from './devices/mutations.ts';
import type * as Devices from './devices/simulate-devices.ts';
import { mutationsOn } from './mutations/mutations.ts';
import type { Mutation } from '../support/mutation.ts';
import { drawClockPlan, drawPlan } from './plan.ts';
import type * as Simulation from './simulate.ts';
import type { Outcome } from './simulate.ts';
import type * as StoreBackends from './store-backends.ts';
import type { StoreName } from './store-backends.ts';

/** The store on which simulations run, the planted bug, and what is simulated instead of whole lives of grants. */
export type Setup = {
  readonly store: StoreName;
  readonly mutation: string | undefined;
  /** Only clocks are wrong. */
  readonly hasWrongClocks: boolean;
  /** Devices ask, poll and lose answers (RFC 8628), on the store in memory. */
  readonly hasDevices: boolean;
};

/** Simulates seeds one after another until it is closed. */
export type SeedRunner = {
  run(seed: number, report?: (line: string) => void): Promise<Outcome>;
  close(): Promise<void>;
};

/** The bugs that such simulations can find. */
export const mutationsFor = ({ store, hasDevices }: Setup): readonly Mutation[] =>
  hasDevices ? DEVICE_MUTATIONS : mutationsOn(store);

const findMutation = (setup: Setup): Mutation | undefined => {
  const { mutation } = setup;
  if (mutation === undefined) return undefined;
  const found = mutationsFor(setup).find(({ name }) => name === mutation);
  if (found === undefined) throw new Error(`unknown mutation "${mutation}"; see --mutation list`);
  return found;
};

/** Prepares a store for simulations. Throws if this machine cannot run it. */
export const openSeedRunner = async (setup: Setup): Promise<SeedRunner> => {
  const mutation = findMutation(setup);
  const load = <Module>(file: string): Promise<Module> => {
    const url = new URL(file, import.meta.url).href;
    return mutation === undefined ? (import(url) as Promise<Module>) : importMutated<Module>(mutation, url);
  };
  if (setup.hasDevices) return deviceRunner(await load<typeof Devices>('devices/simulate-devices.ts'));
  const { STORE_BACKENDS } = await load<typeof StoreBackends>('store-backends.ts');
  const { simulate } = await load<typeof Simulation>('simulate.ts');
  const backend = await STORE_BACKENDS[setup.store]();
  if ('reason' in backend) throw new Error(backend.reason);
  const draw = setup.hasWrongClocks ? drawClockPlan : drawPlan;
  return { run: (seed, report) => simulate(seed, report, backend.openStore, draw), close: backend.close };
};

const deviceRunner = ({ simulateDevices }: Pick<typeof Devices, 'simulateDevices'>): SeedRunner => ({
  async run(seed, report) {
    const { faults, polls, answers, violations } = await simulateDevices(seed, report);
    return {
      seed,
      faults,
      presentations: polls,
      grants: answers['granted'] ?? 0,
      violations: violations.map((what) => ({ checker: 'devices', what })),
    };
  },
  close: async () => {},
});
