import type { Millis } from '../clock.ts';

/** A process that serves a store, as it notes itself there. Nothing in it is a secret. */
export type RunningNode = {
  /** Random, made anew at every start. */
  readonly id: string;
  readonly version: string;
  /** The name of its machine. */
  readonly host: string;
  readonly processId: number;
  /** Where it listens; empty where another program mounts it. */
  readonly url: string;
  readonly startedAtMs: Millis;
  readonly seenAtMs: Millis;
  /** By how much the clock of its machine is ahead of the store's; negative if it is behind. */
  readonly skewMs: Millis;
};

/** How often a node notes itself. */
export const NODE_NOTED_MS = 15_000;
/** A node that was not seen for so long is gone: it was killed, or it cannot reach the store. */
export const NODE_GONE_MS = 60_000;
/** How long a node that is gone is listed. */
export const NODE_KEPT_MS = 86_400_000;
/** How many nodes a store remembers. Of more, those seen last stay. */
export const NODES_MAX = 200;

/** A clock that was set back leaves moments ahead of it, and a node that runs has noted itself since. */
export const isGone = ({ seenAtMs }: Pick<RunningNode, 'seenAtMs'>, nowMs: Millis): boolean =>
  Math.abs(nowMs - seenAtMs) >= NODE_GONE_MS;

/** The processes that serve a store. */
export type NodeStore = {
  /** Stores what a node says of itself, and drops nodes that are gone for long. */
  noteNode(node: RunningNode): Promise<void>;
  /** Removes a node that stops. */
  removeNode(id: string): Promise<void>;
  /** In the order of their starts. */
  listNodes(): Promise<readonly RunningNode[]>;
};
