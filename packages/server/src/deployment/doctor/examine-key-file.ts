import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import { isOpenToOthers } from '../file-modes.ts';
import { KEY_FILE } from '../names.ts';

/** Where the key ring is kept, and whether others can read it. */
export const examineKeyFile = ({ data, key, keyFile, keyCommand, store }: Config): readonly Finding[] => {
  if (key !== undefined) return [ok('key ring', 'from KEYFOB_KEY')];
  if (keyCommand !== undefined) return [ok('key ring', 'from KEYFOB_KEY_COMMAND')];
  if (keyFile === undefined && store !== undefined) return [];
  const path = resolve(keyFile ?? join(data, KEY_FILE));
  if (!existsSync(path))
    return [
      bad('key ring', 'fail', `${path} does not exist`, 'Restore it from your backup or secret manager.'),
    ];
  if (!isOpenToOthers(path)) return [ok('key ring', `${path}, private`)];
  return [bad('key ring', 'fail', `${path} readable by others, so no server starts`, `chmod 600 ${path}`)];
};
