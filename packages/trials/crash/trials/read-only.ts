import { existsSync } from 'node:fs';
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
 * The directory and the files that the server writes with system calls. The wal-index is not in the list: it is mapped
 * into memory, and a write to an immutable mapping kills the process.
 */
const WRITTEN_PATHS = ['', 'keyfob.db', 'keyfob.db-wal'];

/** On a disk: files in memory that are immutable can still be written where they are open. */
const WITHIN = '/var/tmp';

/**
 * Makes the data directory of a running server read-only and writable again, `count` times. A mount cannot become
 * read-only while a file is open for writing, so the files become immutable instead.
 */
export const readOnlyTrial: Trial = async ({ count, grants, seed, onProgress }) => {
  const chance = createChance(seed);
  const dataDirectory = makeDataDirectory(existsSync(WITHIN) ? WITHIN : undefined);
  const setImmutable = (flag: '+i' | '-i', names: readonly string[] = WRITTEN_PATHS): void => {
    runProgram('chattr', flag, ...names.map((name) => join(dataDirectory, name)));
  };
  try {
    setImmutable('+i', ['']);
    setImmutable('-i', ['']);
  } catch {
    removeDataDirectory(dataDirectory);
    return {
      skipped: 'files cannot be made immutable: this needs root, chattr and a file system that supports it',
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
      if (!outages.isSeenInBothDialects()) faults.push('one of the dialects gave no 503');
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
