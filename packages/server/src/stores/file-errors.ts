import { statSync } from 'node:fs';
import { OperatorError } from '../errors.ts';

const DENIED_REMEDY =
  'Run keyfob as the user of the server, or give this user the right to read and write it.';

/** What the operating system's error codes mean to an operator. */
const FAILURES: Readonly<Record<string, { what: string; remedy: string }>> = {
  EACCES: {
    what: 'permission denied',
    remedy: DENIED_REMEDY,
  },
  EPERM: {
    what: 'permission denied',
    remedy: DENIED_REMEDY,
  },
  EROFS: {
    what: 'the disk is mounted read-only',
    remedy: 'Mount it writable, or name another directory by --data.',
  },
  ENOSPC: { what: 'the disk is full', remedy: 'Free some space on it; nothing was changed.' },
  EDQUOT: {
    what: 'the disk quota is used up',
    remedy: 'Free some space or raise the quota; nothing was changed.',
  },
  EIO: { what: 'the disk failed', remedy: 'Look for disk errors in the system log.' },
  EISDIR: { what: 'it is a directory, not a file', remedy: 'Name a file, or move the directory away.' },
  ENOTDIR: { what: 'a part of the path is not a directory', remedy: 'Name another path.' },
  ENOENT: { what: 'its folder does not exist', remedy: 'Create the folder first, or name another path.' },
  EMFILE: { what: 'too many files are open', remedy: 'Raise the limit of open files (ulimit -n).' },
};

/** A failure of the operating system at `path`, for the operator; any other error is returned as it is. */
export const toFileError = (error: unknown, path: string): unknown => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const failure = FAILURES[code];
  if (failure === undefined) return error;
  return new OperatorError('file_unusable', `${path}: ${failure.what}`, failure.remedy, { cause: error });
};

/** Runs work on a file. Throws `OperatorError` where the operating system fails. */
export const onFile = <Result>(path: string, work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    throw toFileError(error, path);
  }
};

/** Whether there is a file. Throws `OperatorError` where this user may not look: a store that cannot be seen is not missing. */
export const isThere = (path: string): boolean =>
  onFile(path, () => statSync(path, { throwIfNoEntry: false })) !== undefined;
