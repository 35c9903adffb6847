import type { DatabaseSync } from 'node:sqlite';
import type { GroupCommit } from './group-commit.ts';

/** What the verbs of the store share. */
export type Connection = {
  readonly database: DatabaseSync;
  readonly commits: GroupCommit;
  /** Reads outside any transaction. Rejects with `StoreError` where SQLite fails. */
  read<Result>(work: () => Result): Promise<Result>;
  /** The same at once, for what the answer to a request waits for. Throws `StoreError`. */
  readNow<Result>(work: () => Result): Result;
};
