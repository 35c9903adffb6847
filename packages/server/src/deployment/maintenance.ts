import { resolve } from 'node:path';
import { systemClock, toSeconds } from '../clock.ts';
import type { Millis } from '../clock.ts';
import type { Config } from '../config.ts';
import type { PostgresFacts } from '../stores/postgres/connection/inspect.ts';
import { backupSqliteStore, readBackupKeys } from '../stores/sqlite/backup.ts';
import type { Progress } from '../stores/sqlite/backup.ts';
import { inspectSqliteStore } from '../stores/sqlite/inspect.ts';
import type { StoreFacts } from '../stores/sqlite/inspect.ts';
import { recogniseStore } from '../stores/sqlite/recognise.ts';
import { placeSqliteStore, restoreSqliteStore } from '../stores/sqlite/restore.ts';
import type { Restored } from '../stores/sqlite/restore-content.ts';
import { openSqliteStore } from '../stores/sqlite/store.ts';
import { readKeyRing } from './key-source.ts';
import { openKeySource, refuseOtherKeys, storeMissing } from './keys.ts';
import { sqlitePathOf } from './names.ts';

/** Reads the store of a data directory without changing it; `undefined` if there is none. Throws `OperatorError`. */
export const inspectStore = (
  config: Config,
  options?: { readonly isThorough: boolean },
): StoreFacts | undefined => inspectSqliteStore(sqlitePathOf(config), options);

/** Reads the state of the database that is the store; `undefined` if a file is. Throws `OperatorError`. */
export const inspectSharedStore = async ({ store }: Config): Promise<PostgresFacts | undefined> =>
  store === undefined ? undefined : (await loadPostgres()).inspectPostgresStore(store);

/**
 * Brings the store to the newest schema, and answers the schema before and after. A database gets its first schema too; a
 * directory without a store is refused, because a store there also needs a key. Throws `OperatorError`.
 */
export const migrateDeployment = async (
  config: Config,
): Promise<{ readonly from: number; readonly to: number }> => {
  if (config.store !== undefined) return (await loadPostgres()).migratePostgresStore(config.store);
  const path = sqlitePathOf(config);
  if (recogniseStore(path) !== 'store') throw storeMissing(resolve(path));
  const from = inspectStore(config)?.schema ?? 0;
  await openSqliteStore(path).close();
  return { from, to: inspectStore(config)?.schema ?? 0 };
};

/** Copies the store of a configuration, in use or not, into one file. Throws `OperatorError`. */
export const backupDeployment = async (config: Config, target: string, progress: Progress): Promise<void> =>
  backupSqliteStore(sqlitePathOf(config), target, progress);

/**
 * Replaces the store with a backup, also while servers use it. If there is no store, or with `isDamaged` if it no longer
 * opens, the file is replaced as a whole; revocations made since the backup are lost then, and the answer is `undefined`.
 * Throws `OperatorError`, and then nothing was changed.
 */
export const restoreDeployment = async (
  config: Config,
  source: string,
  { isDamaged, nowMs }: { readonly isDamaged: boolean; readonly nowMs: Millis },
): Promise<Restored | undefined> => {
  const path = sqlitePathOf(config);
  const keys = openKeySource(config, 'restore', systemClock);
  refuseOtherKeys(readBackupKeys(source), await readKeyRing(keys), keys.name);
  if (!isDamaged && recogniseStore(path) === 'store') return restoreSqliteStore(path, source, nowMs);
  placeSqliteStore(path, source, `${path}.damaged-${toSeconds(nowMs)}`);
  return undefined;
};

const loadPostgres = () => import('../stores/postgres/store.ts');
