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
      `${path}: the key file is missing`,
      'Restore it from your backup or secret manager. Without it, none of the tokens that your clients hold works.',
    );
  }
  return onFile(path, () => readFileSync(path, 'utf8'));
};

const takeLock = (lock: string): number => {
  try {
    return openSync(lock, 'wx', 0o600);
  } catch (error) {
    if (!existsSync(lock)) throw toFileError(error, lock);
    const remedy = `Wait for it to finish. If no other "keyfob keys rotate" is running, remove ${lock}.`;
    throw new OperatorError('key_locked', `${lock}: the keys are being rotated by another process`, remedy, {
      cause: error,
    });
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
