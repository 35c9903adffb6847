import { startKeyfob } from '../../support/keyfob-process.ts';
import type { KeyfobServer } from '../../support/keyfob-process.ts';
import { startCluster } from '../../support/postgres/cluster.ts';
import type { Cluster } from '../../support/postgres/cluster.ts';
import { addStandby } from '../../support/postgres/standby.ts';
import type { Replication } from '../../support/postgres/standby.ts';
import { openWireProxy } from '../../support/postgres/wire-proxy.ts';
import { createChance } from '../../support/chance.ts';
import { CLIENT_KINDS, RESYNC_CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { makePostgresHome } from '../../support/server-store.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import type { Load } from '../../support/refresh-load/load.ts';
import { outagesSeen } from '../outages-seen.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import type { Trial } from '../trial.ts';

const SERVERS = 2;
/** How often every grant is refreshed while its standby gets nothing more. */
const REFRESHES_BEHIND = 3;

/**
 * The primary is lost by `kill -9` and its standby promoted, `count` times, under refresh load of two servers that reach
 * them by one address. Asynchronously, the standby is cut off before, so that it lacks the newest refreshes of every grant.
 * Synchronously, its replay is paused, and every second time it is cut off too, so that no commit is answered any more;
 * no client there has a policy that resyncs, so that the loss of one refresh is the loss of its grant.
 */
export const failoverTrial =
  (replication: Replication): Trial =>
  async ({ count, grants, seed, onProgress }) => {
    let primary = await startCluster();
    if ('reason' in primary) return { skipped: primary.reason };
    const chance = createChance(seed);
    const address = await openWireProxy(primary.port);
    const home = await makePostgresHome(primary, address.port);
    const load = await createLoad(home, kindsFor(replication), grants, chance.fork());
    const starting = Array.from({ length: SERVERS }, () =>
      startKeyfob({ ...home, args: ['--log-level', 'warn'] }),
    );
    const servers = await Promise.all(starting);
    const faults: string[] = [];
    const standbys: Cluster[] = [];
    try {
      for (let failover = 1; failover <= count; failover++) {
        const standby = await addStandby(primary, replication);
        standbys.push(standby.cluster);
        if (failover === 1) load.start(...servers.map(({ url }) => Number(new URL(url).port)));
        await load.untilAllRefreshed();
        const before = countResynced(servers);
        if (replication === 'asynchronous') {
          standby.replicate(false);
          for (let times = 0; times < REFRESHES_BEHIND; times++) await load.untilAllRefreshed();
        } else {
          await standby.cluster.ask('SELECT pg_wal_replay_pause()');
          await load.untilAllRefreshed();
          if (failover % 2 === 0) await cutOffUntilSeen(load, () => standby.replicate(false), faults);
        }
        await load.at('sent', chance.integer(1, grants * 3));
        await loseAndPromote(primary, standby.promote);
        primary = standby.cluster;
        address.redirect(primary.port);
        await load.untilAllRefreshed();
        const resynced = countResynced(servers) - before;
        const expected = replication === 'asynchronous' ? countRotating(load) : 0;
        if (resynced !== expected) faults.push(`${resynced} grants were resynced, not ${expected}`);
        onProgress(failover, count);
      }
      await load.finish();
      await load.presentOld(0);
      return reportOn(load.logs, { failovers: count, resynced: countResynced(servers) }, faults);
    } finally {
      load.close();
      for (const server of servers) await server.stop();
      await address.close();
      for (const standby of standbys) await standby.remove();
      await home.remove();
    }
  };

/** No server is killed, so no answer is lost, and a client that gets a 503 may retry. */
const kindsFor = (replication: Replication) =>
  replication === 'asynchronous'
    ? RESYNC_CLIENT_KINDS
    : CLIENT_KINDS.map((kind) => ({ ...kind, mayLoseGrants: false }));

const loseAndPromote = async (primary: Cluster, promote: () => Promise<void>): Promise<void> => {
  await primary.kill();
  await promote();
  await primary.remove();
};

/** A primary whose synchronous standby is cut off answers no commit, and clients get an outage. */
const cutOffUntilSeen = async (load: Load, cutOff: () => void, faults: string[]): Promise<void> => {
  const outages = outagesSeen(load.logs);
  cutOff();
  await load.until(outages.isSeenInBothDialects);
  if (!outages.isSeenInBothDialects()) faults.push('no 503 was seen in one of the dialects');
};

const countResynced = (servers: readonly KeyfobServer[]): number =>
  servers.reduce((sum, server) => sum + server.log().split('"refresh.resynced"').length - 1, 0);

const countRotating = ({ logs }: Load): number =>
  logs.filter(({ client }) => client.policy.rotation !== 'none').length;
