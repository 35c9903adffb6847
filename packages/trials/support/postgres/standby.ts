import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { openWireProxy } from './wire-proxy.ts';

/** A second cluster that follows the first by streaming replication. */
export type Standby = {
  readonly cluster: Cluster;
  /** Whether what the primary commits comes through; the standby gets nothing more while it does not. */
  replicate(isReplicating: boolean): void;
  /** Makes it a primary of its own, with all that has come through. */
  promote(): Promise<void>;
};

/** `synchronous`: the primary answers no commit before the standby has it on disk. */
export type Replication = 'asynchronous' | 'synchronous';

const POLL_MS = 20;

/** Gives a primary a standby, and waits until it follows. The primary is stopped for it, and started again. */
export const addStandby = async (primary: Cluster, replication: Replication): Promise<Standby> => {
  const road = await openWireProxy(primary.port);
  await primary.stop();
  const cluster = await primary.copy();
  writeFileSync(join(cluster.data, 'standby.signal'), '');
  const names = replication === 'synchronous' ? '*' : '';
  await primary.start({ synchronous_standby_names: names });
  await cluster.start({ primary_conninfo: `host=127.0.0.1 port=${road.port} user=keyfob` });
  const isFollowing = `SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'
    AND sync_state = '${replication === 'synchronous' ? 'sync' : 'async'}'`;
  await untilSome(primary, isFollowing);
  return {
    cluster,
    replicate: (isReplicating) => road.refuse(!isReplicating),
    async promote() {
      await road.close();
      // Not waited for in the statement itself, which could be in the way of what has yet to be replayed.
      await cluster.ask('SELECT pg_promote(false)');
      await untilSome(cluster, 'SELECT 1 WHERE NOT pg_is_in_recovery()');
    },
  };
};

/** Until a question has an answer. */
const untilSome = async (cluster: Cluster, question: string): Promise<void> => {
  while ((await cluster.ask(question)).length === 0) await sleep(POLL_MS);
};
