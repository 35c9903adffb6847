import { statSync } from 'node:fs';

/** Bytes of the write-ahead log beside a store. It grows while somebody reads an old state of the store, such as a backup. */
export const readLogBytes = (path: string): number =>
  statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
