import { OperatorError } from '../errors.ts';

/** What the operating system's error codes mean to an operator. */
const TROUBLES: Readonly<Record<string, { what: string; remedy: string }>> = {
  EACCES: {
    what: 'permission denied',
    remedy: 'Give the user that runs keyfob the right to read and write it.',
  },
  EPERM: {
    what: 'permission denied',
    remedy: 'Give the user that runs keyfob the right to read and write it.',
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
  EIO: { what: 'the disk failed', remedy: 'Look into the system log for errors of the disk.' },
  EISDIR: { what: 'it is a directory, not a file', remedy: 'Name a file, or move the directory away.' },
  ENOTDIR: { what: 'a part of the path is no directory', remedy: 'Name another path.' },
  ENOENT: { what: 'its folder does not exist', remedy: 'Make the folder first, or name another path.' },
  EMFILE: { what: 'too many files are open', remedy: 'Raise the limit of open files (ulimit -n).' },
};

/** The operating system's trouble with `path`, told to the operator; any other error is given back as it is. */
export const toFileError = (error: unknown, path: string): unknown => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const trouble = TROUBLES[code];
  if (trouble === undefined) return error;
  return new OperatorError('file_unusable', `${path}: ${trouble.what}`, trouble.remedy, { cause: error });
};

/** Runs work on a file; what the operating system has against it is told to the operator. */
export const onFile = <Result>(path: string, work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    throw toFileError(error, path);
  }
};
