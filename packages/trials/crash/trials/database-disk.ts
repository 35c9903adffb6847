import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startKeyfob } from '../../support/keyfob-process.ts';
import { startCluster } from '../../support/postgres/cluster.ts';
import type { Cluster } from '../../support/postgres/cluster.ts';
import { createChance } from '../../support/chance.ts';
import { CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { makePostgresHome } from '../../support/server-store.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { outagesSeen } from '../outages-seen.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import type { Report } from '../../support/refresh-load/report.ts';
import { fill, mountSmallDisk } from '../small-disk.ts';
import type { Trial, TrialOptions } from '../trial.ts';

/** Holds an empty cluster and a few WAL files of the minimum size, so that PostgreSQL soon needs another file. */
const DISK_MIB = 96;
const WAL = { max_wal_size: '2MB', min_wal_size: '2MB' };

/**
 * Fills the disk of PostgreSQL under refresh load, `count` times. PostgreSQL stops at its next WAL file. Then the trial
 * frees the space and starts PostgreSQL again, but does not restart the server.
 */
export const databaseDiskTrial: Trial = async (options) => {
  const disk = mountSmallDisk(DISK_MIB);
  if ('skipped' in disk) return disk;
  try {
    const cluster = await startCluster({ within: disk.path, walSegmentMib: 1 });
    if ('reason' in cluster) return { skipped: cluster.reason };
    return await fillAndFree(cluster, join(disk.path, 'filler'), options);
  } finally {
    disk.unmount();
  }
};

const fillAndFree = async (
  cluster: Cluster,
  filler: string,
  { count, grants, seed, onProgress }: TrialOptions,
): Promise<Report> => {
  const chance = createChance(seed);
  const home = await makePostgresHome(cluster);
  const kinds = CLIENT_KINDS.map((kind) => ({ ...kind, mayLoseGrants: false }));
  const load = await createLoad(home, kinds, grants, chance.fork());
  await cluster.stop();
  await cluster.start(WAL);
  const server = await startKeyfob({ ...home, args: ['--log-level', 'error'] });
  const faults: string[] = [];
  try {
    load.start(Number(new URL(server.url).port));
    for (let round = 1; round <= count; round++) {
      await load.at('answered', chance.integer(1, grants * 3));
      const outages = outagesSeen(load.logs);
      fill(filler);
      await load.until(outages.isSeenInBothDialects);
      if (!outages.isSeenInBothDialects()) faults.push('one of the dialects gave no 503');
      rmSync(filler);
      await cluster.stop();
      await cluster.start(WAL);
      await load.untilAllRefreshed();
      onProgress(round, count);
    }
    await load.finish();
    await load.presentOld(20);
    return reportOn(load.logs, { rounds: count }, faults);
  } finally {
    load.close();
    await server.stop();
    await home.remove();
  }
};
