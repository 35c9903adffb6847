import type { DatabaseSync } from 'node:sqlite';
import type { Millis } from '../../clock.ts';
import { refuseMoved } from '../copy/moved.ts';
import { isThere } from '../file-errors.ts';
import { checkSchema } from './check-schema.ts';
import { connect } from './connect.ts';
import { toOperatorError } from './errors.ts';
import { readLogBytes } from './log-size.ts';
import { readMigrations } from './migrations.ts';
import { readMoveState } from './moved.ts';

/** What an inspection finds in a store. */
export type StoreFacts = {
  readonly schema: number;
  readonly journalMode: string;
  /** Of the write-ahead log. */
  readonly logBytes: number;
  /** What only a reading of the whole file tells; absent where it was not asked for. */
  readonly content?: {
    /** `ok`, or SQLite's own message about what is wrong. */
    readonly integrity: string;
    readonly grants: number;
    /** When the newest grant was created; 0 for none. */
    readonly newestGrantAtMs: Millis;
  };
};

/** Reads a store without changing it; `undefined` where there is none. Throws `OperatorError`. */
export const inspectSqliteStore = (
  path: string,
  { isThorough = true }: { readonly isThorough?: boolean } = {},
): StoreFacts | undefined => {
  if (!isThere(path)) return undefined;
  let database: DatabaseSync | undefined;
  try {
    database = connect(path, { readOnly: true, timeout: 2000 });
    refuseMoved(path, readMoveState(database));
    checkSchema(database, path, readMigrations());
    const read = (sql: string): unknown => Object.values(database?.prepare(sql).get() ?? {})[0];
    return {
      schema: Number(read('PRAGMA user_version')),
      journalMode: String(read('PRAGMA journal_mode')),
      logBytes: readLogBytes(path),
      ...(isThorough && {
        content: {
          integrity: String(read('PRAGMA quick_check(1)')),
          grants: Number(read('SELECT count(*) FROM grants')),
          newestGrantAtMs: Number(read('SELECT coalesce(max(created_at_ms), 0) FROM grants')),
        },
      }),
    };
  } catch (error) {
    throw toOperatorError(error, path);
  } finally {
    if (database?.isOpen === true) database.close();
  }
};
