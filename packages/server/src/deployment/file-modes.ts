import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { KEY_FILE, STORE_FILE } from './names.ts';

/**
 * Whether somebody else may read or change a file, as ssh judges a private key: one that is ours must be for us alone. One
 * that another user made for us, such as a secret that an orchestrator mounts, may be readable by a group. `false` for a
 * file that does not exist.
 */
export const isOpenToOthers = (path: string): boolean => {
  const uid = process.getuid?.();
  const stats = statSync(path, { throwIfNoEntry: false });
  if (uid === undefined || stats === undefined || !stats.isFile()) return false;
  return (stats.mode & (stats.uid === uid ? 0o077 : 0o007)) !== 0;
};

/** Throws `OperatorError` if others may read the key file or the store of a configuration. */
export const refuseOpenFiles = (
  { data, store, key, keyFile, keyCommand }: Config,
  given: { readonly store?: unknown; readonly keys?: unknown },
): void => {
  const isInDirectory = store === undefined && given.store === undefined;
  const isNamed = key !== undefined || keyCommand !== undefined || given.keys !== undefined;
  const usualKeyFile = isInDirectory ? join(data, KEY_FILE) : undefined;
  const ring = isNamed ? undefined : (keyFile ?? usualKeyFile);
  const files = [ring, isInDirectory ? join(data, STORE_FILE) : undefined];
  for (const file of files) {
    if (file === undefined || !isOpenToOthers(file)) continue;
    const path = resolve(file);
    throw new OperatorError(
      file === ring ? 'key_open_to_others' : 'store_open_to_others',
      `${path}: other users of this machine can read it`,
      `Run "chmod 600 ${path}".${file === ring ? ' If one of them may have read it, "keyfob keys compromise" says what to do.' : ''}`,
    );
  }
};
