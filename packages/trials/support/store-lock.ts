import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KeyfobServer } from './keyfob-process.ts';

/** Keeps a server from writing, as an outage of its store does, until the returned function is called. */
export const lockStore = ({ dataDirectory }: Pick<KeyfobServer, 'dataDirectory'>): (() => void) => {
  const database = new DatabaseSync(join(dataDirectory, 'keyfob.db'));
  database.exec('BEGIN IMMEDIATE');
  return () => database.close();
};
