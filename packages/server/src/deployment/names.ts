import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { notAFile, showPostgresUrl } from '../stores/postgres/connection/address.ts';

/** The files of a data directory that must not be lost. */
export const STORE_FILE = 'keyfob.db';
export const KEY_FILE = 'keyfob.key';

/** The store of a configuration as people know it, without the secret parts of its address. */
export const storeNameOf = ({ store, data }: Config): string =>
  store === undefined ? join(resolve(data), STORE_FILE) : showPostgresUrl(store);

/** The key ring of a configuration as people know it. */
export const keyRingNameOf = ({ key, keyFile, keyCommand, data }: Config): string => {
  if (key !== undefined) return 'KEYFOB_KEY';
  return keyCommand === undefined ? (keyFile ?? join(resolve(data), KEY_FILE)) : 'KEYFOB_KEY_COMMAND';
};

/** The file that is the store. Throws `OperatorError` if a database is, because a database has tools of its own. */
export const sqlitePathOf = ({ store, data }: Config): string => {
  if (store === undefined) return join(data, STORE_FILE);
  throw notAFile(store);
};
