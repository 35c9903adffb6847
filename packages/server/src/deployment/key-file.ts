import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { OperatorError } from '../errors.ts';
import { createKeyLines } from '../tokens/key-ring.ts';
import type { Seconds } from '../clock.ts';
import { isThere, onFile, toFileError } from '../stores/file-errors.ts';
import type { KeySource } from './key-source.ts';

/** A ring in a file of its own, mode 0600. */
export const keyFileSource = (path: string): Required<KeySource> => ({
  name: path,
  read: () => readKeyFile(path),
  write(change) {
    const lock = `${path}.lock`;
    const held = takeLock(lock);
    try {
      const text = change(readKeyFile(path));
      onFile(path, () => replaceFile(path, text));
    } finally {
      closeSync(held);
      rmSync(lock, { force: true });
    }
  },
});

/** Creates a key file with a first key of every purpose. A file that another process creates meanwhile stays as it is. */
export const createKeyFile = (path: string, createdAt: Seconds): void => {
  onFile(path, () => {
    const draft = writeDraft(path, `${createKeyLines(1, createdAt)}\n`);
    try {
      if (!existsSync(path)) linkSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
    }
    syncDirectory(path);
  });
};

const readKeyFile = (path: string): string => {
  if (!isThere(path)) {
    throw new OperatorError(
      'key_missing',
      { en: `${path}: the key file is missing`, ko: `키 파일이 없습니다: ${path}` },
      {
        en: 'Restore it from your backup or secret manager. Without it, none of the tokens that your clients hold works.',
        ko: '백업이나 시크릿 관리 도구에서 복원하세요. 이 파일이 없으면 클라이언트가 가진 토큰이 모두 작동하지 않습니다.',
      },
    );
  }
  return onFile(path, () => readFileSync(path, 'utf8'));
};

const takeLock = (lock: string): number => {
  try {
    return openSync(lock, 'wx', 0o600);
  } catch (error) {
    if (!existsSync(lock)) throw toFileError(error, lock);
    throw new OperatorError(
      'key_locked',
      {
        en: `${lock}: the keys are being rotated by another process`,
        ko: `다른 프로세스가 키를 교체하고 있습니다: ${lock}`,
      },
      {
        en: `Wait for it to finish. If no other "keyfob keys rotate" is running, remove ${lock}.`,
        ko: `끝날 때까지 기다리세요. 실행 중인 다른 "keyfob keys rotate"가 없으면 이 파일을 지우세요: ${lock}`,
      },
      { cause: error },
    );
  }
};

/** Replaces the file in one step: a crash leaves the old text or the new one, nothing in between. */
const replaceFile = (path: string, text: string): void => {
  renameSync(writeDraft(path, text), path);
  syncDirectory(path);
};

const writeDraft = (path: string, text: string): string => {
  const draft = `${path}.${process.pid}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return draft;
};

const syncDirectory = (path: string): void => {
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
};
