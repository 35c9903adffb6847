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

/** Room for an empty cluster, and for a log of a few files of the least size, so that it soon wants another. */
const DISK_MIB = 96;
const WAL = { max_wal_size: '2MB', min_wal_size: '2MB' };

/**
 * The disk of PostgreSQL fills up under refresh load, `count` times, which ends PostgreSQL at its next log file; room is
 * made, and PostgreSQL started. The server is not.
 */
export const databaseDiskTrial: Trial = async (options) => {
  const disk = mountSmallDisk(DISK_MIB);
  if ('skipped' in disk) return disk;
  try {
    const cluster = await startCluster({ within: disk.path, walSegmentMib: 1 });
    if ('reason' in cluster) return { skipped: cluster.reason };
    return await fillAndMakeRoom(cluster, join(disk.path, 'filler'), options);
  } finally {
    disk.unmount();
  }
};

const fillAndMakeRoom = async (
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
      if (!outages.isSeenInBothDialects()) faults.push('no 503 was seen in one of the dialects');
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
