import type { Config } from '../config.ts';
import type { Emit } from '../log-event.ts';
import type { ServerExamined } from '../operations/doctor/finding.ts';
import type { RunningNode } from '../operators/running-node.ts';
import { createServerExamination } from './doctor/examine-server.ts';
import { createNodePresence } from './node-presence.ts';
import type { Deployment } from './open.ts';
import { createTroubleCounts } from './trouble-counts.ts';

/** What a server process notes of itself in the store, for every node and its operators. */
export type OpenNode = {
  /** Must get every log event. */
  readonly note: Emit;
  /** The node serves requests from now on. `url`: where it listens; empty where another program mounts it. */
  begin(url: string): void;
  /** What the node says of itself; `undefined` before it serves requests. */
  readonly node: () => RunningNode | undefined;
  /** Stores the refusals and replays that were counted since the last time. */
  readonly settleTroubles: () => Promise<void>;
  readonly examine: () => Promise<ServerExamined>;
  stop(): Promise<void>;
};

export const openNode = (
  deployment: Deployment,
  config: Config,
  {
    isOwnStore,
    isRehearsal,
  }: {
    /** Whether the store is the one that the configuration names. */
    readonly isOwnStore: boolean;
    /** Whether the host passed the store and moves the clock: that is no deployment, so no node of it is listed. */
    readonly isRehearsal: boolean;
  },
): OpenNode => {
  const { store, clock, time, randomness } = deployment;
  const counts = createTroubleCounts({ store, clock, earliest: time.earliest });
  const presence = isRehearsal
    ? undefined
    : createNodePresence({ store, clock, skewMs: time.skewMs, randomness });
  const node = () => presence?.read();
  return {
    note: counts.note,
    begin: (url) => presence?.begin(url),
    node,
    settleTroubles: counts.settle,
    examine: createServerExamination(deployment, config, { isOwnStore, node }),
    stop: async () => void (await Promise.all([counts.stop(), presence?.stop()])),
  };
};
