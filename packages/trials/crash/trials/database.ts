import { startKeyfob } from '../../support/keyfob-process.ts';
import { startCluster } from '../../support/postgres/cluster.ts';
import { createChance } from '../../support/chance.ts';
import { CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { makePostgresHome } from '../../support/server-store.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { outagesSeen } from '../outages-seen.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import type { Trial } from '../trial.ts';

const SERVERS = 2;
const OLD_TOKENS_PER_GRANT = 20;

/**
 * Kills every process of PostgreSQL with `kill -9` under refresh load, `count` times. Two servers share the database.
 * Clients call both of them, and neither restarts.
 */
export const databaseTrial: Trial = async ({ count, grants, seed, onProgress }) => {
  const cluster = await startCluster();
  if ('reason' in cluster) return { skipped: cluster.reason };
  const chance = createChance(seed);
  const home = await makePostgresHome(cluster);
  // No server is killed, so no answer is lost, and a client can retry after a 503.
  const kinds = CLIENT_KINDS.map((kind) => ({ ...kind, mayLoseGrants: false }));
  const load = await createLoad(home, kinds, grants, chance.fork());
  const starts = Array.from({ length: SERVERS }, () =>
    startKeyfob({ ...home, args: ['--log-level', 'error'] }),
  );
  const servers = await Promise.all(starts);
  const faults: string[] = [];
  try {
    load.start(...servers.map(({ url }) => Number(new URL(url).port)));
    for (let kill = 1; kill <= count; kill++) {
      await load.at(chance.pick(['sent', 'answered']), chance.integer(1, grants * 5));
      const outages = outagesSeen(load.logs);
      await cluster.kill();
      await load.until(outages.isSeenInBothDialects);
      if (!outages.isSeenInBothDialects()) faults.push('one of the dialects gave no 503');
      await cluster.start();
      await load.untilAllRefreshed();
      onProgress(kill, count);
    }
    await load.finish();
    await load.presentOld(OLD_TOKENS_PER_GRANT);
    for (const server of servers) {
      const code = await server.stop();
      if (code !== 0) faults.push(`a server exited with ${code}`);
    }
    return reportOn(load.logs, { databaseKills: count }, faults);
  } finally {
    load.close();
    await Promise.all(servers.map((server) => server.stop()));
    await home.remove();
  }
};
