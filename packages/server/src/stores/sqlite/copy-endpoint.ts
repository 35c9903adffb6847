import { resolve } from 'node:path';
import { OperatorError } from '../../errors.ts';
import type { CopyEndpoint } from '../copy/endpoint.ts';
import { MOVED_PREFIX, COPYING_TABLE, overtaken } from '../copy/moved.ts';
import { NEWEST_ENTRY } from '../../operators/audit-entry.ts';
import { createCopyReads } from './copy-reads.ts';
import { createCopyWrites } from './copy-writes.ts';
import { openDatabase } from './database.ts';
import { toStoreError } from './errors.ts';
import { moveAway, moveBack, readMoveState } from './moved.ts';
import { recogniseStore } from './recognise.ts';

/** Servers write between two attempts, and each locks the file for some milliseconds. */
const LOCK_TIMEOUT_MS = 30_000;

const IS_EMPTY = `SELECT NOT (EXISTS (SELECT 1 FROM clients) OR EXISTS (SELECT 1 FROM grants)
  OR EXISTS (SELECT 1 FROM codes) OR EXISTS (SELECT 1 FROM grant_events) OR EXISTS (SELECT 1 FROM webhooks)) AS is_empty`;

/** Opens a SQLite store for a copy; as the target it is created where there is none. Throws `OperatorError`. */
export const openSqliteEndpoint = (path: string, role: 'source' | 'target'): CopyEndpoint => {
  const file = resolve(path);
  if (role === 'source' && recogniseStore(file) === 'none') {
    const remedy = 'Name the data directory of your server by --from sqlite:DIRECTORY.';
    throw new OperatorError('store_missing', `${file}: there is no store here`, remedy);
  }
  const database = openDatabase(file, { lockTimeoutMs: LOCK_TIMEOUT_MS, isForCopy: true });
  // A grant may be copied before its client or after its vehicles: the last pass has them all.
  database.exec('PRAGMA foreign_keys = OFF');
  const hasMoved = readMoveState(database).movedTo !== undefined;
  let reads = createCopyReads(database, hasMoved ? MOVED_PREFIX : '');
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
  /** For writes into the target, as long as it is one. */
  const transactCopying = (work: () => void): Promise<void> =>
    transact(() => {
      if (readMoveState(database).copiedFrom === undefined) throw overtaken(`sqlite:${file}`);
      work();
    });
  const writing = () => (writes ??= createCopyWrites(database));

  return {
    name: `sqlite:${file}`,
    readMoveState: () => attempt(() => readMoveState(database)),
    isEmpty: () => attempt(() => database.prepare(IS_EMPTY).get()?.['is_empty'] === 1),
    beginFrom: (origin) =>
      transact(() => {
        database.exec(`CREATE TABLE ${COPYING_TABLE} (origin TEXT NOT NULL) STRICT`);
        database.prepare(`INSERT INTO ${COPYING_TABLE} (origin) VALUES (?)`).run(origin);
      }),
    finish: () =>
      transactCopying(() => {
        database.exec(NEWEST_ENTRY);
        database.exec(`DROP TABLE ${COPYING_TABLE}`);
      }),
    async moveTo(destination) {
      await transact(() => moveAway(database, destination));
      reads = createCopyReads(database, MOVED_PREFIX);
    },
    async moveBack() {
      await transact(() => moveBack(database));
      reads = createCopyReads(database, '');
    },
    read: (slice, page) => attempt(() => reads.read(slice, page)),
    readRows: (slice, keys) => attempt(() => reads.readRows(slice, keys)),
    list: (table) => attempt(() => reads.list(table)),
    write: (slice, change) => transactCopying(() => writing().write(slice, change)),
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
