import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { onFile } from '../stores/file-errors.ts';
import { recogniseStore } from '../stores/sqlite/recognise.ts';
import { toShellWord } from '../shell-word.ts';
import { KEY_FILE, STORE_FILE } from './names.ts';

/**
 * Whether somebody else may read or change a file, as ssh judges a private key: one that is ours must be for us alone. One
 * that another user made for us, such as a secret that an orchestrator mounts, may be readable by a group. `false` for a
 * file that does not exist. Throws `OperatorError` where this user may not look.
 */
export const isOpenToOthers = (path: string): boolean => {
  const uid = process.getuid?.();
  const stats = onFile(path, () => statSync(path, { throwIfNoEntry: false }));
  if (uid === undefined || stats === undefined || !stats.isFile()) return false;
  return (stats.mode & (stats.uid === uid ? 0o077 : 0o007)) !== 0;
};

/** Throws `OperatorError` if others may read the key file or the store of a configuration, or if that is no store. */
export const refuseOpenFiles = (
  { data, store, key, keyFile, keyCommand }: Config,
  given: { readonly store?: unknown; readonly keys?: unknown },
): void => {
  const isInDirectory = store === undefined && given.store === undefined;
  const isNamed = key !== undefined || keyCommand !== undefined || given.keys !== undefined;
  const ring = isNamed ? undefined : (keyFile ?? (isInDirectory ? join(data, KEY_FILE) : undefined));
  const storePath = join(data, STORE_FILE);
  if (isInDirectory && recogniseStore(storePath) === 'store' && isOpenToOthers(storePath))
    throw openToOthers('store_open_to_others', storePath, '');
  if (ring !== undefined && isOpenToOthers(ring))
    throw openToOthers(
      'key_open_to_others',
      ring,
      ' If somebody may have read it, see "keyfob keys compromise --help".',
    );
};

const openToOthers = (code: string, file: string, more: string): OperatorError => {
  const path = resolve(file);
  const remedy = `Run "chmod 600 ${toShellWord(path)}".${more}`;
  return new OperatorError(code, `${path}: other users of this machine can read it`, remedy);
};
