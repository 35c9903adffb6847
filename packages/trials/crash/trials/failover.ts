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
/** How often every grant is refreshed while the standby receives nothing. */
const REFRESHES_BEHIND = 3;

/**
 * Kills the primary with `kill -9` and promotes its standby, `count` times, under refresh load of two servers that reach
 * the database through one address. An asynchronous standby is disconnected first, so it lacks the newest refreshes of
 * every grant. A synchronous standby has its replay paused, and every second time it is also disconnected, so the primary
 * answers no commit. In the synchronous trial no policy allows a resync: one lost refresh loses the grant.
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
    const starts = Array.from({ length: SERVERS }, () =>
      startKeyfob({ ...home, args: ['--log-level', 'warn'] }),
    );
    const servers = await Promise.all(starts);
    const faults: string[] = [];
    const standbys: Cluster[] = [];
    try {
      for (let failover = 1; failover <= count; failover++) {
        const standby = await addStandby(primary, replication);
        standbys.push(standby.cluster);
        if (failover === 1) load.start(...servers.map(({ url }) => Number(new URL(url).port)));
        await load.untilAllRefreshed();
        const resyncsBefore = countResyncs(servers);
        if (replication === 'asynchronous') {
          standby.replicate(false);
          for (let times = 0; times < REFRESHES_BEHIND; times++) await load.untilAllRefreshed();
        } else {
          await standby.cluster.ask('SELECT pg_wal_replay_pause()');
          await load.untilAllRefreshed();
          if (failover % 2 === 0) await disconnectUntilOutage(load, () => standby.replicate(false), faults);
        }
        await load.at('sent', chance.integer(1, grants * 3));
        await loseAndPromote(primary, standby.promote);
        primary = standby.cluster;
        address.redirect(primary.port);
        await load.untilAllRefreshed();
        const resynced = countResyncs(servers) - resyncsBefore;
        const expected = replication === 'asynchronous' ? countRotating(load) : 0;
        if (resynced !== expected) faults.push(`${resynced} grants resynced instead of ${expected}`);
        onProgress(failover, count);
      }
      await load.finish();
      await load.presentOld(0);
      return reportOn(load.logs, { failovers: count, resynced: countResyncs(servers) }, faults);
    } finally {
      load.close();
      for (const server of servers) await server.stop();
      await address.close();
      for (const standby of standbys) await standby.remove();
      await home.remove();
    }
  };

/** No server is killed, so no answer is lost, and a client can retry after a 503. */
const kindsFor = (replication: Replication) =>
  replication === 'asynchronous'
    ? RESYNC_CLIENT_KINDS
    : CLIENT_KINDS.map((kind) => ({ ...kind, mayLoseGrants: false }));

const loseAndPromote = async (primary: Cluster, promote: () => Promise<void>): Promise<void> => {
  await primary.kill();
  await promote();
  await primary.remove();
};

/** Without its synchronous standby the primary answers no commit, and clients get 503. */
const disconnectUntilOutage = async (load: Load, disconnect: () => void, faults: string[]): Promise<void> => {
  const outages = outagesSeen(load.logs);
  disconnect();
  await load.until(outages.isSeenInBothDialects);
  if (!outages.isSeenInBothDialects()) faults.push('one of the dialects gave no 503');
};

const countResyncs = (servers: readonly KeyfobServer[]): number =>
  servers.reduce((sum, server) => sum + server.log().split('"refresh.resynced"').length - 1, 0);

const countRotating = ({ logs }: Load): number =>
  logs.filter(({ client }) => client.policy.rotation !== 'none').length;
