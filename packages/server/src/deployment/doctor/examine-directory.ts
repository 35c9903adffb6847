import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { OperatorError } from '../../errors.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import { toShellWord } from '../../shell-word.ts';
import { isThere } from '../../stores/file-errors.ts';
import { STORE_FILE } from '../names.ts';

/** How many folders of a wrong directory are looked into. */
const LOOKED_AT_MAX = 100;

/** Checks that the data directory is one of a server, and that this user may use it. */
export const examineDirectory = ({ data }: Config): readonly Finding[] => {
  const path = resolve(data);
  const remedy = 'Pass the right directory with --data or KEYFOB_DATA, or run "keyfob serve" once.';
  const unseen = examineAbsence(path, remedy);
  if (unseen !== undefined) return [unseen];
  if (!statSync(path).isDirectory()) return [bad('data', 'fail', `${path} is no directory`, remedy)];
  const wrong = examineRights(path);
  if (wrong !== undefined) return [wrong];
  if (!existsSync(join(path, STORE_FILE))) {
    const near = findNear(path);
    const hint = near === undefined ? '' : `; there is one in ${near}`;
    return [bad('data', 'fail', `${path} has no store${hint}`, remedy)];
  }
  return [
    (statSync(path).mode & 0o077) === 0
      ? ok('data', `${path}, private`)
      : bad('data', 'warn', `${path} readable by others`, `chmod 700 ${toShellWord(path)}`),
    ...examineFiles(path),
  ];
};

/** Why the directory cannot be looked at: it does not exist, or this user may not enter a folder above it. */
const examineAbsence = (path: string, remedy: string): Finding | undefined => {
  try {
    return isThere(path) ? undefined : bad('data', 'fail', `${path} does not exist`, remedy);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return bad('data', 'fail', error.message, error.remedy);
  }
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
    : bad(
        'data',
        'fail',
        `${path} cannot be used by this user (${describeUser()})`,
        `Run this as the user of the server, or as root: chown -R USER ${toShellWord(path)}`,
      );

/** The store and the files that SQLite keeps beside it: another user may have made one of them. */
const examineFiles = (path: string): readonly Finding[] => {
  const files = [STORE_FILE, `${STORE_FILE}-wal`, `${STORE_FILE}-shm`].map((name) => join(path, name));
  const refused = files.filter((file) => existsSync(file) && !may(file, WRITABLE));
  if (refused.length === 0) return [];
  return [
    bad(
      'rights',
      'fail',
      `${refused.join(' and ')} cannot be written by this user (${describeUser()})`,
      `As root: chown USER ${refused.map(toShellWord).join(' ')}. A command that ran as another user may have made it.`,
    ),
  ];
};

const describeUser = (): string => {
  const uid = process.getuid?.();
  return uid === undefined ? 'unknown' : `uid ${uid}`;
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
