import type { DatabaseSync } from 'node:sqlite';
import type { GroupCommit } from './group-commit.ts';

/** What the verbs of the store share. */
export type Connection = {
  readonly database: DatabaseSync;
  readonly commits: GroupCommit;
  /** Reads outside any transaction. Throws `StoreError` where SQLite fails. */
  read<Result>(work: () => Result): Promise<Result>;
};
