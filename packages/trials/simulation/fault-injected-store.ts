import type { CodeUse, RefreshUse, Store } from '@keyfob/server/stores';
import type { Conduct, Verb } from '../support/memory-store/tables.ts';
import type { Surroundings } from './simulated-store.ts';

type AnyVerb = (...args: readonly unknown[]) => Promise<unknown>;

/** What one process of a deployment has of a store that is really there. */
export type Process = {
  /** Its store; connects where it has not yet. */
  connect(): Promise<Store>;
  /** Ends what it has. */
  disconnect(): Promise<void>;
};

/** The verbs that are told which use they are about. */
const isOfUse = (verb: Verb): boolean => verb === 'refresh' || verb === 'redeemCode';

/** Every verb of a store. */
export const verbsOf = (store: Store): readonly Verb[] =>
  Object.keys(store).filter((name): name is Verb => name !== 'close');

/**
 * A process that connects when it first asks something, so that one that never asks costs nothing, and again where it was
 * cut off.
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

/** The store of a process, whose verbs fare by `conduct`, while the virtual clock stands still for each. */
export const conducted = (
  verbs: readonly Verb[],
  { connect, disconnect }: Process,
  { conduct, schedule, onFailure }: Surroundings & { readonly conduct: Conduct },
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
      const use = isOfUse(verb) ? (args[0] as RefreshUse | CodeUse) : undefined;
      return conduct(verb, () => schedule.standStill(work(verb, args)), use);
    };
  return {
    ...(Object.fromEntries(verbs.map((verb) => [verb, through(verb)])) as unknown as Omit<Store, 'close'>),
    close: () => schedule.standStill(disconnect()),
  };
};
