import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { OperatorError } from '../../errors.ts';
import { asIs } from '../../language.ts';
import type { Sentence } from '../../language.ts';
import { bad, ok, unusable } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import { toShellWord } from '../../shell-word.ts';
import { isThere } from '../../stores/file-errors.ts';
import { STORE_FILE } from '../names.ts';

/** How many folders of a wrong directory are looked into. */
const LOOKED_AT_MAX = 100;

/** Checks that the data directory is one of a server, and that this user may use it. */
export const examineDirectory = ({ data }: Config): readonly Finding[] => {
  const path = resolve(data);
  const unseen = examineAbsence(path);
  if (unseen !== undefined) return [unseen];
  if (!statSync(path).isDirectory())
    return fail({ en: `${path} is no directory`, ko: `폴더가 아닙니다: ${path}` });
  const wrong = examineRights(path);
  if (wrong !== undefined) return [wrong];
  if (!existsSync(join(path, STORE_FILE))) {
    const near = findNear(path);
    return fail(
      near === undefined
        ? { en: `${path} has no store`, ko: `${path} 폴더에 저장소가 없습니다.` }
        : {
            en: `${path} has no store; there is one in ${near}`,
            ko: `${path} 폴더에 저장소가 없습니다. ${near} 폴더에 하나 있습니다.`,
          },
    );
  }
  return [
    (statSync(path).mode & 0o077) === 0
      ? ok('data', { en: `${path}, private`, ko: `${path}, 비공개` })
      : bad(
          'data',
          'warn',
          { en: `${path} readable by others`, ko: `다른 사용자가 읽을 수 있습니다: ${path}` },
          asIs(`chmod 700 ${toShellWord(path)}`),
        ),
    ...examineFiles(path),
  ];
};

/** Why the directory cannot be looked at: it does not exist, or this user may not enter a folder above it. */
const examineAbsence = (path: string): Finding | undefined => {
  const missing = { en: `${path} does not exist`, ko: `${path} 폴더가 없습니다.` };
  try {
    return isThere(path) ? undefined : bad('data', 'fail', missing, DATA_REMEDY);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return unusable('data', error);
  }
};

const fail = (finding: Sentence): readonly Finding[] => [bad('data', 'fail', finding, DATA_REMEDY)];

const DATA_REMEDY: Sentence = {
  en: 'Pass the right directory with --data or KEYFOB_DATA, or run "keyfob serve" once.',
  ko: '--data 또는 KEYFOB_DATA로 올바른 폴더를 지정하거나 "keyfob serve"를 한 번 실행하세요.',
};

const WRITABLE = constants.R_OK | constants.W_OK;

const may = (path: string, rights: number): boolean => {
  try {
    accessSync(path, rights);
    return true;
  } catch {
    return false;
  }
};

const examineRights = (path: string): Finding | undefined =>
  may(path, WRITABLE | constants.X_OK)
    ? undefined
    : bad('data', 'fail', cannotUse(path), {
        en: `Run this as the user of the server, or as root: chown -R USER ${toShellWord(path)}`,
        ko: `서버의 사용자로 실행하거나 root로 실행하세요: chown -R USER ${toShellWord(path)}`,
      });

/** The store and the files that SQLite keeps beside it: another user may have made one of them. */
const examineFiles = (path: string): readonly Finding[] => {
  const files = [STORE_FILE, `${STORE_FILE}-wal`, `${STORE_FILE}-shm`].map((name) => join(path, name));
  const refused = files.filter((file) => existsSync(file) && !may(file, WRITABLE));
  if (refused.length === 0) return [];
  return [
    bad('rights', 'fail', cannotWrite(refused), {
      en: `As root: chown USER ${refused.map(toShellWord).join(' ')}. A command that ran as another user may have made it.`,
      ko: `root로 실행하세요: chown USER ${refused.map(toShellWord).join(' ')}. 다른 사용자로 실행한 명령이 만들었을 수 있습니다.`,
    }),
  ];
};

const cannotUse = (path: string): Sentence => {
  const user = describeUser();
  return {
    en: `${path} cannot be used by this user (${user.en})`,
    ko: `이 사용자(${user.ko})가 사용할 수 없습니다: ${path}`,
  };
};

const cannotWrite = (paths: readonly string[]): Sentence => {
  const user = describeUser();
  return {
    en: `${paths.join(' and ')} cannot be written by this user (${user.en})`,
    ko: `이 사용자(${user.ko})가 쓸 수 없습니다: ${paths.join(', ')}`,
  };
};

const describeUser = (): Sentence => {
  const uid = process.getuid?.();
  return uid === undefined ? { en: 'unknown', ko: '알 수 없음' } : asIs(`uid ${uid}`);
};

/** A store in the directory above, or in one below. */
const findNear = (path: string): string | undefined =>
  [
    resolve(path, '..'),
    ...readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .slice(0, LOOKED_AT_MAX)
      .map(({ name }) => join(path, name)),
  ].find((directory) => existsSync(join(directory, STORE_FILE)));
