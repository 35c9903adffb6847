import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startKeyfob } from '../../support/keyfob-process.ts';
import { logBytes } from './directory.ts';
import type { Volume } from './directory.ts';
import { faultFigure, quantile } from './figure.ts';
import type { Figure } from './figure.ts';
import { refreshMany } from './load.ts';
import type { Load } from './load.ts';

/** A refresh may take as much longer than the sync of its bytes. A batching delay would be at least a timer's turn. */
const ABOVE_SYNC_MOST_MS = 1;
const ROUND_REFRESHES = 100;
/** As many commits as are written before the file is written from its beginning again, as a log is. */
const FILE_COMMITS = 1000;

/** How long a client alone waits for a refresh, against a bare sync of the bytes that the refresh commits. */
export const measureCommit = async (volume: Volume, rounds: number): Promise<readonly Figure[]> => {
  const server = await startKeyfob({ dataDirectory: volume.directory });
  const refresh = (refreshes: number): Promise<Load> =>
    refreshMany(volume, server.url, { connections: 1, refreshes });
  try {
    // The first refresh names its caller in the store, the later ones do not.
    const loads = [await refresh(1)];
    const before = logBytes(volume.directory);
    loads.push(await refresh(ROUND_REFRESHES));
    const commitBytes = Math.round((logBytes(volume.directory) - before) / ROUND_REFRESHES);
    // As many as are measured, for the compiler.
    loads.push(await refresh(rounds * ROUND_REFRESHES));
    const disk = openBareFile(join(volume.directory, 'bare-sync'), commitBytes);
    const refreshesMs: number[] = [];
    const syncsMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const load = await refresh(ROUND_REFRESHES);
      loads.push(load);
      refreshesMs.push(...load.latenciesMs);
      for (let sync = 0; sync < ROUND_REFRESHES; sync++) syncsMs.push(disk.syncMs());
    }
    disk.remove();
    const [refreshMs = 0, syncMs = 0] = [refreshesMs, syncsMs].map((all) =>
      quantile(Float64Array.from(all).sort(), 0.5),
    );
    return [
      faultFigure('commit', loads),
      { name: 'bytes that a refresh commits', value: commitBytes, unit: 'bytes' },
      { name: 'median of a bare fdatasync of as many', value: syncMs, unit: 'ms' },
      { name: 'median of a refresh at 1 connection', value: refreshMs, unit: 'ms' },
      { name: 'refresh above sync', value: refreshMs - syncMs, unit: 'ms', atMost: ABOVE_SYNC_MOST_MS },
    ];
  } finally {
    await server.stop();
  }
};

/** A file beside the store that is written and synced as bare as can be. */
const openBareFile = (path: string, bytes: number) => {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(bytes, 1);
  let writes = 0;
  const write = (): void => void writeSync(file, block, 0, bytes, (writes++ % FILE_COMMITS) * bytes);
  for (let commit = 0; commit < FILE_COMMITS; commit++) write();
  fdatasyncSync(file);
  return {
    syncMs(): number {
      const began = performance.now();
      write();
      fdatasyncSync(file);
      return performance.now() - began;
    },
    remove(): void {
      closeSync(file);
      rmSync(path);
    },
  };
};
