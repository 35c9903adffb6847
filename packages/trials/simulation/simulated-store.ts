import type { Grant } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import type { Conduct } from '../support/memory-store/tables.ts';
import type { Schedule } from './schedule.ts';

/** The content of a store at one moment. */
export type Backup = {
  /** All of it, to be searched for what must not be there. */
  readonly content: unknown;
  /** Puts it in the place of what the store holds, as it is. */
  load(): Promise<void>;
  /** The same, as where a copy takes over that lags: only the registered keys are those of now. */
  failOver(): Promise<void>;
  /**
   * Puts it in the place of what the store holds as `keyfob restore` does: the standing of grants and clients is that of now,
   * and so are codes, grant events and keys; grants made since are lost.
   */
  restore(): Promise<void>;
};

/** A store that a simulation is lived on. Its own verbs are asked at once, from outside of the simulated deployment. */
export type SimulatedStore = Store & {
  /** How long a process of the deployment may go by what a client was before it was changed. */
  readonly staleMs: number;
  /** The store as one process of the deployment has it, whose verbs fare by `conduct`. */
  through(conduct: Conduct): Store;
  /** What it holds of a grant at this moment. */
  look(id: bigint): Promise<Grant | undefined>;
  backUp(): Promise<Backup>;
  /** Another store with the same content, to try things on; good until the next copy, or the next simulation. */
  copy(): Promise<SimulatedStore>;
};

/** What a store gets from the world that is lived on it. */
export type Surroundings = {
  readonly schedule: Schedule;
  /** Told of every failure that nobody simulated, of which there should be none. */
  readonly onFailure: (what: string) => void;
};

/** Makes the empty store of one simulation. */
export type Keep = (surroundings: Surroundings) => Promise<SimulatedStore>;
