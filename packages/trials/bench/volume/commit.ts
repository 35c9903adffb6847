import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startKeyfob } from '../../support/keyfob-process.ts';
import { logBytes } from './directory.ts';
import type { Volume } from './directory.ts';
import { faultFigure, quantile } from './figure.ts';
import type { Figure } from './figure.ts';
import { refreshMany } from './load.ts';
import type { Load } from './load.ts';

/** The maximum time of a refresh beyond the sync of its bytes. A batching delay would be longer: at least one timer. */
const ABOVE_SYNC_MAX_MS = 1;
const ROUND_REFRESHES = 100;
/** After this many commits, writing starts again at the beginning of the file, as in a log. */
const FILE_COMMITS = 1000;

/** Compares a refresh of a single client with a bare sync of the same number of bytes. */
export const measureCommit = async (volume: Volume, rounds: number): Promise<readonly Figure[]> => {
  const server = await startKeyfob({ dataDirectory: volume.directory });
  const refresh = (refreshes: number): Promise<Load> =>
    refreshMany(volume, server.url, { connections: 1, refreshes });
  try {
    // Only the first refresh stores the caller, so it is not measured.
    const loads = [await refresh(1)];
    const before = logBytes(volume.directory);
    loads.push(await refresh(ROUND_REFRESHES));
    const commitBytes = Math.round((logBytes(volume.directory) - before) / ROUND_REFRESHES);
    // A warm-up of the same size, for the compiler.
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
    const [refreshMs = 0, syncMs = 0] = [refreshesMs, syncsMs].map((values) =>
      quantile(Float64Array.from(values).sort(), 0.5),
    );
    return [
      faultFigure('commit', loads),
      { name: 'bytes that a refresh commits', value: commitBytes, unit: 'bytes' },
      { name: 'median of a bare fdatasync of these bytes', value: syncMs, unit: 'ms' },
      { name: 'median of a refresh at 1 connection', value: refreshMs, unit: 'ms' },
      { name: 'refresh above sync', value: refreshMs - syncMs, unit: 'ms', atMost: ABOVE_SYNC_MAX_MS },
    ];
  } finally {
    await server.stop();
  }
};

/** A file next to the store. `syncMs` writes one block, syncs it and returns the time. */
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
