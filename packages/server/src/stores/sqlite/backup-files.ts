import { closeSync, fsyncSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { connect } from './connect.ts';
import { toOperatorError } from './errors.ts';

const LOCK_TIMEOUT_MS = 10_000;

/** Opens a store, or a backup of one, without the right to write it. Throws `OperatorError`. */
export const openReadOnly = (path: string): DatabaseSync => {
  try {
    return connect(path, { readOnly: true, timeout: LOCK_TIMEOUT_MS });
  } catch (error) {
    throw toOperatorError(error, path);
  }
};

/** Brings a file, or the entries of a directory, to the disk. */
export const syncFile = (path: string): void => {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};
