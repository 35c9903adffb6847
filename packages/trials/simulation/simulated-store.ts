import type { Grant } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import type { RunVerb } from '../support/memory-store/tables.ts';
import type { Schedule } from './schedule.ts';

/** The content of a store at one moment. */
export type Backup = {
  /** All of it, to be searched for what must not be there. */
  readonly content: unknown;
  /** Replaces what the store holds with it, as it is. */
  load(): Promise<void>;
  /** The same, as where a replica takes over that lags: only the registered keys are those of now. */
  failOver(): Promise<void>;
  /**
   * Replaces what the store holds with it, as `keyfob restore` does: the standing of grants and clients is that of now,
   * and so are codes, grant events and keys; grants created since are lost.
   */
  restore(): Promise<void>;
};

/** A store that a simulation runs on. Its own verbs run at once, from outside the simulated deployment. */
export type SimulatedStore = Store & {
  /** For how long a process of the deployment may use what it knows of a client after the client was changed. */
  readonly staleMs: number;
  /** The store as one process of the deployment sees it; `run` decides what happens to each verb. */
  through(run: RunVerb): Store;
  /** What it holds of a grant at this moment. */
  peek(id: bigint): Promise<Grant | undefined>;
  backUp(): Promise<Backup>;
  /** Another store with the same content, to try things on; good until the next copy, or the next simulation. */
  copy(): Promise<SimulatedStore>;
};

/** What the world gives to the store of its simulation. */
export type Surroundings = {
  readonly schedule: Schedule;
  /** Called for every failure that nobody simulated; there should be none. */
  readonly onFailure: (what: string) => void;
};

/** Makes the empty store of one simulation. */
export type OpenStore = (surroundings: Surroundings) => Promise<SimulatedStore>;

/** Where simulations run, one at a time, until it is closed. */
export type StoreBackend = { readonly openStore: OpenStore; close(): Promise<void> };
