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
import { createKeyLine, parseKeyRing } from '../tokens/key-ring.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { onFile, toFileError } from './file-errors.ts';

/** Where a key ring comes from. */
export type KeySource = {
  /** How an operator knows it: a path, or the name of a variable. */
  readonly name: string;
  /** The ring as it is now. Throws `OperatorError`. */
  read(): KeyRing;
  /** Appends a new key and answers the ring with it. Throws `OperatorError` where the source cannot be written. */
  rotate(createdAt: number): KeyRing;
};

/** A ring held in a file of its own, mode 0600. */
export const keyFileSource = (path: string): KeySource => ({
  name: path,
  read: () => parseNamed(readKeyFile(path), path),
  rotate(createdAt) {
    const lock = `${path}.lock`;
    const held = takeLock(lock);
    try {
      const before = readKeyFile(path);
      const line = createKeyLine(parseNamed(before, path).newest.number + 1, createdAt);
      const text = `${before.trimEnd()}\n${line}\n`;
      const ring = parseNamed(text, path);
      onFile(path, () => replaceFile(path, text));
      return ring;
    } finally {
      closeSync(held);
      rmSync(lock, { force: true });
    }
  },
});

/** A ring given as text by the environment, which nobody here can write. */
export const keyTextSource = (text: string): KeySource => ({
  name: 'KEYFOB_KEY',
  read: () => parseNamed(text, 'KEYFOB_KEY'),
  rotate() {
    throw new OperatorError(
      'key_not_in_a_file',
      'the key ring comes from KEYFOB_KEY and cannot be written from here',
      'Make a key with "keyfob keys create --number N", add its line to the value of KEYFOB_KEY (separated by a comma), and restart every node.',
    );
  },
});

/** The ring that all nodes of a database share. None makes one, because it would be another at each. */
export const sharedKeySource = ({
  key,
  keyFile,
}: {
  readonly key?: string | undefined;
  readonly keyFile?: string | undefined;
}): KeySource => {
  if (key !== undefined) return keyTextSource(key);
  if (keyFile !== undefined && existsSync(keyFile)) return keyFileSource(keyFile);
  throw new OperatorError(
    'key_missing',
    keyFile === undefined
      ? 'a store that nodes share needs a key ring that they share'
      : `${keyFile}: the key file is missing`,
    'Name it by --key-file or KEYFOB_KEY, the same for every node: yours from the secret manager, or for a new store the line that "keyfob keys create" prints.',
  );
};

/** Makes a key file with a first key. A file that another process made meanwhile is left as it is. */
export const createKeyFile = (path: string, createdAt: number): void => {
  onFile(path, () => {
    const draft = writeDraft(path, `${createKeyLine(1, createdAt)}\n`);
    try {
      if (!existsSync(path)) linkSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
    }
    syncDirectory(path);
  });
};

const parseNamed = (text: string, name: string): KeyRing => {
  try {
    return parseKeyRing(text);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError(error.code, `${name}: ${error.message}`, error.remedy, { cause: error });
  }
};

const readKeyFile = (path: string): string => {
  if (!existsSync(path)) {
    throw new OperatorError(
      'key_missing',
      `${path}: the key file is missing`,
      'Restore it from your backup or secret manager. Without it no token in the hands of your clients opens again.',
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
    throw new OperatorError('key_locked', `${lock}: another rotation of the keys is going on`, remedy, {
      cause: error,
    });
  }
};

/** Replaces the file in one step: a crash leaves the old text or the new, never a part of one. */
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
