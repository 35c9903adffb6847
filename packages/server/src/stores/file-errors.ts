import { statSync } from 'node:fs';
import { OperatorError } from '../errors.ts';
import type { Sentence } from '../language.ts';

const DENIED_REMEDY: Sentence = {
  en: 'Run keyfob as the user of the server, or give this user the right to read and write it.',
  ko: 'keyfob을 서버의 사용자로 실행하거나 이 사용자에게 읽고 쓸 권한을 주세요.',
};
const DENIED: Sentence = { en: 'permission denied', ko: '권한이 없습니다.' };

/** What the operating system's error codes mean to an operator. */
const FAILURES: Readonly<Record<string, { readonly what: Sentence; readonly remedy: Sentence }>> = {
  EACCES: { what: DENIED, remedy: DENIED_REMEDY },
  EPERM: { what: DENIED, remedy: DENIED_REMEDY },
  EROFS: {
    what: { en: 'the disk is mounted read-only', ko: '디스크가 읽기 전용으로 마운트되어 있습니다.' },
    remedy: {
      en: 'Mount it writable, or name another directory by --data.',
      ko: '쓸 수 있게 마운트하거나 --data로 다른 폴더를 지정하세요.',
    },
  },
  ENOSPC: {
    what: { en: 'the disk is full', ko: '디스크가 가득 찼습니다.' },
    remedy: {
      en: 'Free some space on it; nothing was changed.',
      ko: '공간을 확보하세요. 변경된 것은 없습니다.',
    },
  },
  EDQUOT: {
    what: { en: 'the disk quota is used up', ko: '디스크 할당량을 모두 썼습니다.' },
    remedy: {
      en: 'Free some space or raise the quota; nothing was changed.',
      ko: '공간을 확보하거나 할당량을 늘리세요. 변경된 것은 없습니다.',
    },
  },
  EIO: {
    what: { en: 'the disk failed', ko: '디스크에 장애가 있습니다.' },
    remedy: {
      en: 'Look for disk errors in the system log.',
      ko: '시스템 로그에서 디스크 오류를 확인하세요.',
    },
  },
  EISDIR: {
    what: { en: 'it is a directory, not a file', ko: '파일이 아니라 폴더입니다.' },
    remedy: {
      en: 'Name a file, or move the directory away.',
      ko: '파일을 지정하거나 폴더를 옮기세요.',
    },
  },
  ENOTDIR: {
    what: { en: 'a part of the path is not a directory', ko: '경로의 일부가 폴더가 아닙니다.' },
    remedy: { en: 'Name another path.', ko: '다른 경로를 지정하세요.' },
  },
  ENOENT: {
    what: { en: 'its folder does not exist', ko: '폴더가 없습니다.' },
    remedy: {
      en: 'Create the folder first, or name another path.',
      ko: '먼저 폴더를 만들거나 다른 경로를 지정하세요.',
    },
  },
  EMFILE: {
    what: { en: 'too many files are open', ko: '열린 파일이 너무 많습니다.' },
    remedy: {
      en: 'Raise the limit of open files (ulimit -n).',
      ko: '열 수 있는 파일 수의 한도를 늘리세요(ulimit -n).',
    },
  },
};

/** A failure of the operating system at `path`, for the operator; any other error is returned as it is. */
export const toFileError = (error: unknown, path: string): unknown => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const failure = FAILURES[code];
  if (failure === undefined) return error;
  const { en, ko } = failure.what;
  const message = { en: `${path}: ${en}`, ko: `${path}: ${ko}` };
  return new OperatorError('file_unusable', message, failure.remedy, { cause: error });
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
