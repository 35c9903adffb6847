import { join } from 'node:path';
import { makeDataDirectory, removeDataDirectory, startKeyfob } from '../../support/keyfob-process.ts';
import { createChance } from '../../support/chance.ts';
import { CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { outagesSeen } from '../outages-seen.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import { runProgram } from '../system-program.ts';
import type { Trial } from '../trial.ts';

/**
 * The directory, and of its files those that are written: to make a file immutable that is mapped into memory would
 * not fail the next write but kill its process.
 */
const WRITTEN = ['', 'keyfob.db', 'keyfob.db-wal'];

/**
 * The data directory turns read-only under a server that has its files open, `count` times, and back. A mount cannot
 * be made read-only while a file is open for writing, so the files are made immutable.
 */
export const readOnlyTrial: Trial = async ({ count, grants, seed, onProgress }) => {
  const chance = createChance(seed);
  const dataDirectory = makeDataDirectory();
  const setImmutable = (flag: '+i' | '-i', names: readonly string[] = WRITTEN): void => {
    runProgram('chattr', flag, ...names.map((name) => join(dataDirectory, name)));
  };
  try {
    setImmutable('+i', ['']);
    setImmutable('-i', ['']);
  } catch {
    removeDataDirectory(dataDirectory);
    return {
      skipped: 'files cannot be made immutable here: that takes root, chattr and a file system with it',
    };
  }
  const kinds = CLIENT_KINDS.map((kind) => ({ ...kind, mayLoseGrants: false }));
  const load = await createLoad({ dataDirectory, environment: {} }, kinds, grants, chance.fork());
  const server = await startKeyfob({ dataDirectory, args: ['--log-level', 'error'] });
  const faults: string[] = [];
  try {
    load.start(Number(new URL(server.url).port));
    for (let round = 1; round <= count; round++) {
      await load.at('answered', chance.integer(1, grants * 3));
      const outages = outagesSeen(load.logs);
      setImmutable('+i');
      try {
        await load.until(outages.isSeenInBothDialects);
      } finally {
        setImmutable('-i');
      }
      if (!outages.isSeenInBothDialects()) faults.push('no 503 was seen in one of the dialects');
      await load.untilAllRefreshed();
      onProgress(round, count);
    }
    await load.finish();
    await load.presentOld(20);
    return reportOn(load.logs, { rounds: count }, faults);
  } finally {
    load.close();
    await server.stop();
    removeDataDirectory(dataDirectory);
  }
};
