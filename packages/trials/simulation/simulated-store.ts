import type { Grant } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import type { RunVerb } from '../support/memory-store/tables.ts';
import type { Schedule } from './schedule.ts';

/** The content of a store at one moment. */
export type Backup = {
  /** The whole content, which is searched for secrets. */
  readonly content: unknown;
  /** Replaces the content of the store with this backup. */
  load(): Promise<void>;
  /** Like `load`, as after a failover to a replica that lags. Only the registered keys stay current. */
  failOver(): Promise<void>;
  /**
   * Replaces the content of the store with this backup, as `keyfob restore` does. The generations and the state of grants,
   * clients, codes, grant events and keys stay current. Grants created since the backup are lost.
   */
  restore(): Promise<void>;
};

/** The store of a simulation. Its own verbs run immediately, outside the simulated deployment. */
export type SimulatedStore = Store & {
  /** How long a process of the deployment may use its cached copy of a client after the client was changed. */
  readonly staleMs: number;
  /** The store as one process of the deployment sees it; `run` decides what happens to each verb. */
  through(run: RunVerb): Store;
  /** The stored grant at this moment. */
  peek(id: bigint): Promise<Grant | undefined>;
  backUp(): Promise<Backup>;
  /** Another store with the same content, for experiments. Valid until the next copy or the next simulation. */
  copy(): Promise<SimulatedStore>;
};

/** What the store needs from its simulation. */
export type SimulationContext = {
  readonly schedule: Schedule;
  /** Called for every failure that is not simulated. There should be none. */
  readonly onFailure: (what: string) => void;
};

/** Opens an empty store for one simulation. */
export type OpenStore = (context: SimulationContext) => Promise<SimulatedStore>;

/** Where simulations run, one at a time, until it is closed. */
export type StoreBackend = { readonly openStore: OpenStore; close(): Promise<void> };
