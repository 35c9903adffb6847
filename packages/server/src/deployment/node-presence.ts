import { hostname } from 'node:os';
import type { Clock, Millis } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { NODE_NOTED_MS } from '../operators/running-node.ts';
import type { NodeStore, RunningNode } from '../operators/running-node.ts';
import { PACKAGE_VERSION } from '../package-version.ts';
import type { Randomness } from '../randomness.ts';

/** This process, as the other nodes and the operators see it. */
export type NodePresence = {
  readonly id: string;
  /** Notes that this node serves requests, at once and every few seconds. `url`: where it listens. */
  begin(url: string): void;
  /** What it says of itself now; `undefined` before it serves requests. */
  read(): RunningNode | undefined;
  /** Removes it from the list. A process that is killed stays there and is shown as gone. */
  stop(): Promise<void>;
};

export type NodePresenceContext = {
  readonly store: Pick<NodeStore, 'noteNode' | 'removeNode'>;
  readonly clock: Clock;
  readonly skewMs: () => Millis;
  readonly randomness: Randomness;
};

export const createNodePresence = ({
  store,
  clock,
  skewMs,
  randomness,
}: NodePresenceContext): NodePresence => {
  const id = randomness.bytes(6).toString('hex');
  let begun: { readonly url: string; readonly startedAtMs: Millis } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let noting: Promise<void> | undefined;

  const read = (): RunningNode | undefined =>
    begun && {
      id,
      version: PACKAGE_VERSION,
      host: hostname(),
      processId: process.pid,
      ...begun,
      seenAtMs: clock(),
      skewMs: Math.round(skewMs()),
    };

  const note = (): void => {
    const node = read();
    if (node === undefined) return;
    noting ??= store
      .noteNode(node)
      .catch(ignoreOutage)
      .finally(() => {
        noting = undefined;
      });
  };

  return {
    id,
    begin(url) {
      if (begun !== undefined) return;
      begun = { url, startedAtMs: clock() };
      timer = setInterval(note, NODE_NOTED_MS).unref();
      note();
    },
    read,
    async stop() {
      clearInterval(timer);
      if (begun === undefined) return;
      await noting;
      await store.removeNode(id).catch(ignoreOutage);
    },
  };
};

/** A node whose store is away is shown as gone until it is back. */
const ignoreOutage = (error: unknown): void => {
  if (!(error instanceof StoreError)) throw error;
};
