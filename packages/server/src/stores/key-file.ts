import {
  closeSync,
  existsSync,
  fsyncSync,
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

/** Where a key ring comes from. */
export type KeySource = {
  /** The ring as it is now. Throws `OperatorError`. */
  read(): KeyRing;
  /** Appends a new key and answers the ring with it. Throws `OperatorError` where the source cannot be written. */
  rotate(createdAt: number): KeyRing;
};

/** A ring held in a file of its own, mode 0600. */
export const keyFileSource = (path: string): KeySource => ({
  read: () => parseKeyRing(readKeyFile(path)),
  rotate(createdAt) {
    const lock = `${path}.lock`;
    const held = takeLock(lock);
    try {
      const before = readKeyFile(path);
      const line = createKeyLine(parseKeyRing(before).newest.number + 1, createdAt);
      const ring = parseKeyRing(`${before.trimEnd()}\n${line}\n`);
      writeDurably(path, `${before.trimEnd()}\n${line}\n`);
      return ring;
    } finally {
      closeSync(held);
      rmSync(lock, { force: true });
    }
  },
});

/** A ring given as text by the environment, which nobody here can write. */
export const keyTextSource = (text: string): KeySource => ({
  read: () => parseKeyRing(text),
  rotate() {
    throw new OperatorError(
      'key_not_in_a_file',
      'the key ring comes from KEYFOB_KEY and cannot be written from here',
      'Make a key with "keyfob keys create --number N", add its line to the value of KEYFOB_KEY (separated by a comma), and restart every node.',
    );
  },
});

/** Makes a key file with a first key. Throws where the file exists. */
export const createKeyFile = (path: string, createdAt: number): void => {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, `${createKeyLine(1, createdAt)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncDirectory(path);
};

const readKeyFile = (path: string): string => {
  if (!existsSync(path)) {
    throw new OperatorError(
      'key_missing',
      `${path}: the key file is missing`,
      'Restore it from your backup or secret manager. Without it no token in the hands of your clients opens again.',
    );
  }
  return readFileSync(path, 'utf8');
};

const takeLock = (lock: string): number => {
  try {
    return openSync(lock, 'wx', 0o600);
  } catch (error) {
    const mend = `Wait for it to finish. If no other "keyfob keys rotate" is running, remove ${lock}.`;
    throw new OperatorError('key_locked', 'another rotation of the keys is going on', mend, { cause: error });
  }
};

/** Replaces the file in one step: a crash leaves the old text or the new, never a part of one. */
const writeDurably = (path: string, text: string): void => {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncDirectory(path);
};

const syncDirectory = (path: string): void => {
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
};
