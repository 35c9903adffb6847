import type { CodeUse, RefreshUse, Store } from '@keyfob/server/stores';
import type { RunVerb, Verb } from '../support/memory-store/tables.ts';
import type { SimulationContext } from './simulated-store.ts';

type AnyVerb = (...args: readonly unknown[]) => Promise<unknown>;

/** The connection of one process of a deployment to a real store. */
export type Process = {
  /** Its store; opened by the first call. */
  connect(): Promise<Store>;
  /** Closes the store, if it is open. */
  disconnect(): Promise<void>;
};

/** Whether the runner of this verb receives the use. */
const receivesUse = (verb: Verb): boolean => verb === 'refresh' || verb === 'redeemCode';

/**
 * Every verb of a store. The answers that a simulation loses are lost outside of the store, which cannot remember them. So
 * `remembersUnanswered` is left out, and the processes remember them.
 */
export const verbsOf = (store: Store): readonly Verb[] =>
  Object.keys(store).filter((name): name is Verb => name !== 'close' && name !== 'remembersUnanswered');

/**
 * A process that connects on its first verb, and again on the first verb after it was disconnected. A process that calls
 * no verb opens no connection.
 */
export const createProcess = (open: () => Promise<Store>): Process => {
  let opened: Promise<Store> | undefined;
  return {
    connect: () => (opened ??= open()),
    async disconnect() {
      const closing = opened;
      opened = undefined;
      await (await closing)?.close();
    },
  };
};

/** The store of a process: `run` decides what happens to each verb, and the virtual clock stands still while it works. */
export const injectFaults = (
  verbs: readonly Verb[],
  { connect, disconnect }: Process,
  { run, schedule, onFailure }: SimulationContext & { readonly run: RunVerb },
): Store => {
  const work = async (verb: Verb, args: readonly unknown[]): Promise<unknown> => {
    try {
      return await ((await connect())[verb] as AnyVerb)(...args);
    } catch (error) {
      onFailure(`${verb} failed: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  };
  const through =
    (verb: Verb): AnyVerb =>
    (...args) => {
      const use = receivesUse(verb) ? (args[0] as RefreshUse | CodeUse) : undefined;
      return run(verb, () => schedule.stopClockDuring(work(verb, args)), use);
    };
  return {
    ...(Object.fromEntries(verbs.map((verb) => [verb, through(verb)])) as unknown as Omit<Store, 'close'>),
    close: () => schedule.stopClockDuring(disconnect()),
  };
};
