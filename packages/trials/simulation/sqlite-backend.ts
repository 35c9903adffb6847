import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backupSqliteStore, restoreSqliteStore, openSqliteStore } from '@keyfob/server/stores';
import { createProcess, injectFaults, verbsOf } from './fault-injected-store.ts';
import type { Process } from './fault-injected-store.ts';
import type { Backup, SimulatedStore, StoreBackend, Surroundings } from './simulated-store.ts';
import { runAtOnce } from '../support/memory-store/store.ts';

/** Simulations on SQLite: a directory with the files of one after another. */
export const openSqliteBackend = async (): Promise<StoreBackend> => {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyfob-simulation-'));
  let stores = 0;
  return {
    openStore: async (surroundings) => createSimulated(join(directory, `${++stores}`), surroundings),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
};

const createSimulated = async (path: string, surroundings: Surroundings): Promise<SimulatedStore> => {
  const { standStill } = surroundings.schedule;
  const processes: Process[] = [];
  const startProcess = (): Process => {
    const process = createProcess(async () => openSqliteStore(path));
    processes.push(process);
    return process;
  };
  const outside = startProcess();
  const verbs = verbsOf(await outside.connect());
  const own = injectFaults(verbs, outside, { ...surroundings, run: runAtOnce });
  const closeAll = async (): Promise<void> => {
    for (const process of processes) await process.disconnect();
  };
  let copies = 0;

  /** As on another machine, with an older disk. */
  const replace = async (by: string): Promise<void> => {
    await closeAll();
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    copyFileSync(by, path);
  };

  const backUp = async (): Promise<Backup> => {
    const backup = `${path}-backup-${++copies}`;
    await backupSqliteStore(path, backup, () => {});
    const bytes = readFileSync(backup);
    return {
      content: [bytes, bytes.toString('latin1')],
      load: () => standStill(replace(backup)),
      async failOver() {
        const keys = await own.listKeys();
        await standStill(replace(backup));
        for (const key of keys) await own.registerKey(key);
      },
      restore: async () => void restoreSqliteStore(path, backup),
    };
  };

  return {
    ...own,
    staleMs: 0,
    through: (run) => injectFaults(verbs, startProcess(), { ...surroundings, run }),
    peek: (id) => own.readGrant(id),
    backUp: () => standStill(backUp()),
    async copy() {
      const other = `${path}-copy-${++copies}`;
      await standStill(backupSqliteStore(path, other, () => {}));
      return createSimulated(other, surroundings);
    },
    close: closeAll,
  };
};
