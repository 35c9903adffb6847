import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backupSqliteStore, restoreSqliteStore, openSqliteStore } from '@keyfob/server/stores';
import { createProcess, injectFaults, verbsOf } from './fault-injected-store.ts';
import type { Process } from './fault-injected-store.ts';
import type { Backup, SimulatedStore, StoreBackend, SimulationContext } from './simulated-store.ts';
import { runAtOnce } from '../support/memory-store/store.ts';

/** Opens a backend for simulations on SQLite: a directory with the files of all simulations. */
export const openSqliteBackend = async (): Promise<StoreBackend> => {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyfob-simulation-'));
  let stores = 0;
  return {
    openStore: async (context) => createSimulated(join(directory, `${++stores}`), context),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
};

const createSimulated = async (path: string, context: SimulationContext): Promise<SimulatedStore> => {
  const { stopClockDuring } = context.schedule;
  const processes: Process[] = [];
  const startProcess = (): Process => {
    const process = createProcess(async () => openSqliteStore(path));
    processes.push(process);
    return process;
  };
  const outside = startProcess();
  const verbs = verbsOf(await outside.connect());
  const own = injectFaults(verbs, outside, { ...context, run: runAtOnce });
  const closeAll = async (): Promise<void> => {
    for (const process of processes) await process.disconnect();
  };
  let copies = 0;

  /** Replaces the files, as if the store moved to a machine with an older disk. */
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
      load: () => stopClockDuring(replace(backup)),
      async failOver() {
        const keys = await own.listKeys();
        await stopClockDuring(replace(backup));
        for (const key of keys) await own.registerKey(key);
      },
      restore: async () => void restoreSqliteStore(path, backup, context.schedule.nowMs()),
    };
  };

  return {
    ...own,
    staleMs: 0,
    through: (run) => injectFaults(verbs, startProcess(), { ...context, run }),
    peek: (id) => own.readGrant(id),
    backUp: () => stopClockDuring(backUp()),
    async copy() {
      const other = `${path}-copy-${++copies}`;
      await stopClockDuring(backupSqliteStore(path, other, () => {}));
      return createSimulated(other, context);
    },
    close: closeAll,
  };
};
