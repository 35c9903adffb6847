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
import type { Seconds } from '../clock.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { onFile, toFileError } from '../stores/file-errors.ts';

/** The source of a key ring. */
export type KeySource = {
  /** As an operator knows it: a path, or the name of a variable. */
  readonly name: string;
  /** The ring as it is now. Throws `OperatorError`. */
  read(): KeyRing;
  /** Adds a new key and answers the new ring. Throws `OperatorError` where the source cannot be written. */
  rotate(createdAt: Seconds): KeyRing;
};

/** A ring in a file of its own, mode 0600. */
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

/** A ring from the environment, which cannot be changed from here. */
export const keyTextSource = (text: string): KeySource => ({
  name: 'KEYFOB_KEY',
  read: () => parseNamed(text, 'KEYFOB_KEY'),
  rotate() {
    throw new OperatorError(
      'key_not_in_a_file',
      'the key ring comes from KEYFOB_KEY and cannot be written from here',
      'Create a key with "keyfob keys create --number N", add its line to the value of KEYFOB_KEY (separated by a comma), and restart every node.',
    );
  },
});

/** The ring that all nodes of a database share. No node creates one, because each would create another. */
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
      ? 'nodes that share a store must share a key ring'
      : `${keyFile}: the key file is missing`,
    'Give --key-file or KEYFOB_KEY, the same for every node: the ring from your secret manager, or for a new store the line that "keyfob keys create" prints.',
  );
};

/** Creates a key file with a first key. A file that another process creates meanwhile stays as it is. */
export const createKeyFile = (path: string, createdAt: Seconds): void => {
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
