import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { KeeperError } from '../../errors.ts';
import type { Clock, Millis } from '../../time.ts';
import { createBinderHolder } from '../links.ts';
import type { IdentityVerbs, Store, StoreOpener } from '../store.ts';
import { createStoreClock } from './clock.ts';
import { createCommits } from './commits.ts';
import { createConsentVerbs } from './consents.ts';
import { createDeliveryVerbs } from './deliveries.ts';
import { createFigureVerbs } from './figures.ts';
import { toOpenError } from './errors.ts';
import { createClientVerbs, createEventVerbs } from './events.ts';
import { createGrantVerbs } from './grants.ts';
import type { Connection } from './connection.ts';
import { createKeyVerbs } from './keys.ts';
import { createLinkVerbs } from './links.ts';
import { createListVerbs } from './lists.ts';
import { refuseNetworkDisk } from './network-disk.ts';
import { createPrune } from './prune.ts';
import { createRefreshVerbs } from './refreshes.ts';
import { createRevocationVerbs } from './revocations.ts';
import { createScheduleVerbs } from './schedule.ts';
import { SCHEMA } from './schema.ts';
import { createServiceKeyVerbs } from './service-keys.ts';

/** SQLite's name for a database without a file. */
const IN_MEMORY = ':memory:';
const CACHE_KIB = 65_536;

/**
 * A store in one SQLite file. Any number of processes of one machine share it; it is made where it does not exist, for
 * this user only. Opening throws `KeeperError`: what is wrong with the file, and the remedy.
 */
export const sqliteStore =
  (path: string, { lockTimeoutMs = 5000 }: { readonly lockTimeoutMs?: Millis } = {}): StoreOpener =>
  async (clock) =>
    openSqliteStore(path, { lockTimeoutMs, clock });

/** A store that ends with the process: for tests. */
export const memoryStore = (): StoreOpener => sqliteStore(IN_MEMORY);

const openSqliteStore = (
  path: string,
  { lockTimeoutMs, clock }: { readonly lockTimeoutMs: Millis; readonly clock: Clock },
): Store => {
  const isInMemory = path === IN_MEMORY;
  const file = isInMemory ? path : resolve(path);
  const database = openDatabase(file, isInMemory, lockTimeoutMs);
  const place = isInMemory ? IN_MEMORY : placeOf(file);
  const isInPlace = (): boolean => isInMemory || placeOf(file) === place;
  const commits = createCommits(database, { lockTimeoutMs, isInMemory, isInPlace });
  const storeClock = createStoreClock(database, commits, clock);
  const { links, useBinder } = createBinderHolder();
  const connection: Connection = { database, commits, nowMs: storeClock.nowMs, clock: storeClock, links };
  return {
    ...createGrantVerbs(connection),
    ...createRefreshVerbs(connection),
    ...createScheduleVerbs(connection),
    ...createClientVerbs(connection),
    ...createEventVerbs(connection),
    ...createListVerbs(connection),
    ...createKeyVerbs(connection),
    ...createLinkVerbs(connection),
    useBinder,
    ...createServiceKeyVerbs(connection),
    ...createConsentVerbs(connection),
    ...createRevocationVerbs(connection),
    ...createDeliveryVerbs(connection),
    ...createFigureVerbs(connection),
    ...createIdentityVerbs(connection, file, place),
  };
};

const openDatabase = (file: string, isInMemory: boolean, lockTimeoutMs: Millis): DatabaseSync => {
  let database: DatabaseSync | undefined;
  try {
    if (!isInMemory) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      refuseNetworkDisk(dirname(file));
      if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
    }
    database = new DatabaseSync(file, { timeout: lockTimeoutMs });
    // With NORMAL, a commit of the log may be undone by a power failure. https://www.sqlite.org/pragma.html#pragma_synchronous
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;');
    // The upper pages of all indexes of a million grants. An import writes to random places of them.
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    migrate(database, file);
    // Writing may wait without blocking from here on: see commits.ts.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (error) {
    if (database?.isOpen === true) database.close();
    throw toOpenError(error, file);
  }
};

const migrate = (database: DatabaseSync, file: string): void => {
  database.exec('BEGIN IMMEDIATE');
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > SCHEMA.length)
    throw new KeeperError(
      'store_newer',
      `${file} was written by a newer version of the keeper`,
      'Start that version, or a later one.',
    );
  for (const statements of SCHEMA.slice(version)) database.exec(statements);
  database.exec(`PRAGMA user_version = ${SCHEMA.length}`);
  database
    .prepare('INSERT OR IGNORE INTO deployment (one, id, high_water) VALUES (1, ?, 0)')
    .run(randomUUID());
  database.exec('COMMIT');
};

/** Which file is at a path: a copy is another one. Empty for none. */
const placeOf = (file: string): string => String(statSync(file, { throwIfNoEntry: false })?.ino ?? '');

const createIdentityVerbs = (connection: Connection, file: string, place: string): IdentityVerbs => {
  const isInMemory = place === IN_MEMORY;
  const { database, commits } = connection;
  const read = database.prepare('SELECT id, high_water, key_check FROM deployment');
  const writeKeyCheck = database.prepare('UPDATE deployment SET key_check = ?');
  return {
    identity: () =>
      commits.read(() => {
        const row = read.get() ?? {};
        return {
          deploymentId: String(row['id']),
          highWater: Number(row['high_water']),
          place,
          keyCheck: (row['key_check'] ?? undefined) as Uint8Array | undefined,
        };
      }),
    writeKeyCheck: (sealed) => commits.run(() => void writeKeyCheck.run(sealed)),
    guardFile: isInMemory ? undefined : `${file}.guard`,
    spoolDirectory: isInMemory ? undefined : `${file}.spool`,
    prune: createPrune(connection),
    async close() {
      await commits.settle();
      database.close();
    },
  };
};
