import { accessSync, constants, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { OperatorError } from '../../errors.ts';
import { asIs } from '../../language.ts';
import type { Sentence } from '../../language.ts';
import { bad, ok, unusable } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import { toShellWord } from '../../shell-word.ts';
import { isThere, onFile } from '../../stores/file-errors.ts';
import { isOpenToOthers } from '../file-modes.ts';
import { KEY_FILE, STORE_FILE } from '../names.ts';

/** Where the key ring is kept, and whether this user can read it and others cannot. */
export const examineKeyFile = ({ data, key, keyFile, keyCommand, store }: Config): readonly Finding[] => {
  if (key !== undefined) return [ok('key ring', fromVariable('KEYFOB_KEY'))];
  if (keyCommand !== undefined) return [ok('key ring', fromVariable('KEYFOB_KEY_COMMAND'))];
  // Where there is no store, no key ring is missing.
  if (keyFile === undefined && (store !== undefined || !existsSync(join(data, STORE_FILE)))) return [];
  return [examinePath(resolve(keyFile ?? join(data, KEY_FILE)))];
};

const examinePath = (path: string): Finding => {
  const check = 'key ring';
  try {
    if (!isThere(path))
      return bad(
        check,
        'fail',
        { en: `${path} does not exist`, ko: `${path} 파일이 없습니다.` },
        {
          en: 'Restore it from your backup or secret manager.',
          ko: '백업이나 시크릿 관리 도구에서 복원하세요.',
        },
      );
    if (isOpenToOthers(path))
      return bad(check, 'fail', readableByOthers(path), asIs(`chmod 600 ${toShellWord(path)}`));
    onFile(path, () => accessSync(path, constants.R_OK));
    return ok(check, { en: `${path}, private`, ko: `${path}, 비공개` });
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return unusable(check, error);
  }
};

const fromVariable = (name: string): Sentence => ({ en: `from ${name}`, ko: `${name} 변수에서 읽음` });

/** A file with secrets that more than its owner can read. */
export const readableByOthers = (path: string): Sentence => ({
  en: `${path} readable by others, so no server starts`,
  ko: `다른 사용자가 읽을 수 있어 서버가 시작되지 않습니다: ${path}`,
});
