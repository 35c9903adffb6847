import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createChance } from '../../support/chance.ts';
import { CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { startOnFixedPort } from '../../support/fixed-port.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { outagesSeen } from '../outages-seen.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import type { Report } from '../../support/refresh-load/report.ts';
import { fill, mountSmallDisk } from '../small-disk.ts';
import type { Trial, TrialOptions } from '../trial.ts';

/** Holds the store and its write-ahead log, which grows to 4 MiB. */
const DISK_MIB = 16;

/**
 * Fills the disk of the data directory and frees the space, `count` times. Every second time the server is killed while
 * the disk is full, and starts again when there is space.
 */
export const fullDiskTrial: Trial = async (options) => {
  const disk = mountSmallDisk(DISK_MIB);
  if ('skipped' in disk) return disk;
  try {
    return await fillAndFree(disk.path, options);
  } finally {
    disk.unmount();
  }
};

const fillAndFree = async (
  disk: string,
  { count, grants, seed, onProgress }: TrialOptions,
): Promise<Report> => {
  const chance = createChance(seed);
  const dataDirectory = join(disk, 'data');
  const filler = join(disk, 'filler');
  mkdirSync(dataDirectory);
  const home = { dataDirectory, environment: {} };
  const load = await createLoad(home, CLIENT_KINDS, grants, chance.fork());
  const { starter, server: first } = await startOnFixedPort(home);
  let server = first;
  const faults: string[] = [];
  try {
    load.start(starter.port);
    for (let round = 1; round <= count; round++) {
      await load.at('answered', chance.integer(1, grants * 3));
      const outages = outagesSeen(load.logs);
      fill(filler);
      await load.until(outages.isSeenInBothDialects);
      if (round % 2 === 0) await server.kill();
      rmSync(filler);
      if (round % 2 === 0) server = await starter.start();
      if (!outages.isSeenInBothDialects()) faults.push('one of the dialects gave no 503');
      await load.untilAllRefreshed();
      // The restart empties the log. A log that has reached its full size is reused, and a full disk does not affect it.
      if (round % 2 === 1) {
        await server.stop();
        server = await starter.start();
      }
      onProgress(round, count);
    }
    await load.finish();
    await load.presentOld(20);
    return reportOn(load.logs, { rounds: count }, faults);
  } finally {
    load.close();
    await server.stop();
  }
};
