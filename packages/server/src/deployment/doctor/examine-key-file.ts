import { accessSync, constants, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { OperatorError } from '../../errors.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import { toShellWord } from '../../shell-word.ts';
import { isThere, onFile } from '../../stores/file-errors.ts';
import { isOpenToOthers } from '../file-modes.ts';
import { KEY_FILE, STORE_FILE } from '../names.ts';

/** Where the key ring is kept, and whether this user can read it and others cannot. */
export const examineKeyFile = ({ data, key, keyFile, keyCommand, store }: Config): readonly Finding[] => {
  if (key !== undefined) return [ok('key ring', 'from KEYFOB_KEY')];
  if (keyCommand !== undefined) return [ok('key ring', 'from KEYFOB_KEY_COMMAND')];
  // Where there is no store, no key ring is missing.
  if (keyFile === undefined && (store !== undefined || !existsSync(join(data, STORE_FILE)))) return [];
  return [examinePath(resolve(keyFile ?? join(data, KEY_FILE)))];
};

const examinePath = (path: string): Finding => {
  const check = 'key ring';
  try {
    if (!isThere(path))
      return bad(check, 'fail', `${path} does not exist`, 'Restore it from your backup or secret manager.');
    if (isOpenToOthers(path))
      return bad(
        check,
        'fail',
        `${path} readable by others, so no server starts`,
        `chmod 600 ${toShellWord(path)}`,
      );
    onFile(path, () => accessSync(path, constants.R_OK));
    return ok(check, `${path}, private`);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return bad(check, 'fail', error.message, error.remedy);
  }
};
