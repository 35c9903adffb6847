import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { openWireProxy } from './wire-proxy.ts';

/** A second cluster that follows the first by streaming replication. */
export type Standby = {
  readonly cluster: Cluster;
  /** Starts or stops the transfer of commits to the standby. */
  replicate(isReplicating: boolean): void;
  /** Makes the standby a primary, with all commits that have reached it. */
  promote(): Promise<void>;
};

/** `synchronous`: the primary confirms a commit only after the standby has it on disk. */
export type Replication = 'asynchronous' | 'synchronous';

const POLL_MS = 20;

/** Adds a standby to a primary, and waits until it follows. The primary is restarted for this. */
export const addStandby = async (primary: Cluster, replication: Replication): Promise<Standby> => {
  const route = await openWireProxy(primary.port);
  await primary.stop();
  const cluster = await primary.copy();
  writeFileSync(join(cluster.data, 'standby.signal'), '');
  const names = replication === 'synchronous' ? '*' : '';
  await primary.start({ synchronous_standby_names: names });
  await cluster.start({ primary_conninfo: `host=127.0.0.1 port=${route.port} user=keyfob` });
  const isFollowing = `SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'
    AND sync_state = '${replication === 'synchronous' ? 'sync' : 'async'}'`;
  await untilSome(primary, isFollowing);
  return {
    cluster,
    replicate: (isReplicating) => route.refuse(!isReplicating),
    async promote() {
      await route.close();
      // The statement does not wait, because a waiting statement could block the remaining replay.
      await cluster.ask('SELECT pg_promote(false)');
      await untilSome(cluster, 'SELECT 1 WHERE NOT pg_is_in_recovery()');
    },
  };
};

/** Repeats a query until it returns a row. */
const untilSome = async (cluster: Cluster, sql: string): Promise<void> => {
  while ((await cluster.ask(sql)).length === 0) await sleep(POLL_MS);
};
