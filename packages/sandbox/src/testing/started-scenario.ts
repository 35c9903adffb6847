import type { WorldClient } from './world-state.ts';

/** A scenario that was started: where the code under test begins, and what was done. */
export type StartedScenario = {
  readonly name: string;
  /** Where the client sends its requests; not always the URL of the world. */
  readonly url: string;
  /** What the client has to trust there, in PEM. */
  readonly certificate: string | null;
  readonly client: WorldClient;
  /** The secret before, where the scenario has rolled it. */
  readonly secretBefore: string | null;
  /** The grant that it is about, such as `g1`. */
  readonly grant: string;
  /** The grants that it has made, with their tokens, that one first. */
  readonly grants: readonly {
    readonly grant: string;
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly expiresInSeconds: number;
  }[];
  /** What was done at once, in sentences. */
  readonly did: readonly string[];
  /** What follows before later requests, in sentences. */
  readonly willDo: readonly string[];
};

/** Whose grant a scenario is about; by default one of the client `smartcar` that it makes. */
export type ScenarioOptions = {
  readonly dialect?: string;
  readonly client?: string;
  /** A grant that there is, by its name. */
  readonly grant?: string;
};
