import { resolve } from 'node:path';
import { OperatorError } from '../../errors.ts';
import type { CopyEndpoint } from '../copy/endpoint.ts';
import { AWAY_PREFIX, COPYING_TABLE, overtaken } from '../copy/moved.ts';
import { createCopyReads } from './copy-reads.ts';
import { createCopyWrites } from './copy-writes.ts';
import { openDatabase } from './database.ts';
import { toStoreError } from './errors.ts';
import { putAway, putBack, readStanding } from './moved.ts';
import { recogniseStore } from './recognise.ts';

/** Servers write between two of its tries, and each holds the file for some milliseconds. */
const LOCK_TIMEOUT_MS = 30_000;

const IS_EMPTY = `SELECT NOT (EXISTS (SELECT 1 FROM clients) OR EXISTS (SELECT 1 FROM grants)
  OR EXISTS (SELECT 1 FROM codes) OR EXISTS (SELECT 1 FROM grant_events) OR EXISTS (SELECT 1 FROM webhooks)) AS is_empty`;

/** A store's file as one end of a copy. As the target it is made where there is none. Throws `OperatorError`. */
export const openSqliteEndpoint = (path: string, role: 'source' | 'target'): CopyEndpoint => {
  const file = resolve(path);
  if (role === 'source' && recogniseStore(file) === 'none') {
    const remedy = 'Name the data directory of your server by --from sqlite:DIRECTORY.';
    throw new OperatorError('store_missing', `${file}: there is no store here`, remedy);
  }
  const database = openDatabase(file, { lockTimeoutMs: LOCK_TIMEOUT_MS, isForCopy: true });
  // A grant may be seen before the client or after the vehicles that it goes with: the last pass sees them all.
  database.exec('PRAGMA foreign_keys = OFF');
  const isAway = readStanding(database).movedTo !== undefined;
  let reads = createCopyReads(database, isAway ? AWAY_PREFIX : '');
  let writes: ReturnType<typeof createCopyWrites> | undefined;

  const transact = <Result>(work: () => Result): Promise<Result> =>
    attempt(() => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        writes?.forget();
        throw error;
      }
    });
  /** For what is written into the target, as long as it is one. */
  const transactCopying = (work: () => void): Promise<void> =>
    transact(() => {
      if (readStanding(database).copiedFrom === undefined) throw overtaken(`sqlite:${file}`);
      work();
    });
  const writing = () => (writes ??= createCopyWrites(database));

  return {
    name: `sqlite:${file}`,
    readStanding: () => attempt(() => readStanding(database)),
    isEmpty: () => attempt(() => database.prepare(IS_EMPTY).get()?.['is_empty'] === 1),
    beginFrom: (origin) =>
      transact(() => {
        database.exec(`CREATE TABLE ${COPYING_TABLE} (origin TEXT NOT NULL) STRICT`);
        database.prepare(`INSERT INTO ${COPYING_TABLE} (origin) VALUES (?)`).run(origin);
      }),
    finish: () => transactCopying(() => database.exec(`DROP TABLE ${COPYING_TABLE}`)),
    async moveTo(destination) {
      await transact(() => putAway(database, destination));
      reads = createCopyReads(database, AWAY_PREFIX);
    },
    async moveBack() {
      await transact(() => putBack(database));
      reads = createCopyReads(database, '');
    },
    read: (part, page) => attempt(() => reads.read(part, page)),
    readOf: (part, keys) => attempt(() => reads.readOf(part, keys)),
    list: (table) => attempt(() => reads.list(table)),
    write: (part, change) => transactCopying(() => writing().write(part, change)),
    writeListed: (table, change) => transactCopying(() => writing().writeListed(table, change)),
    count: (table) => attempt(() => reads.count(table)),
    close: () => attempt(() => database.close()),
  };
};

const attempt = async <Result>(work: () => Result): Promise<Result> => {
  try {
    return work();
  } catch (error) {
    throw toStoreError(error);
  }
};
