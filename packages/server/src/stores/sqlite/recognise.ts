import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { OperatorError } from '../../errors.ts';
import { nearestExisting } from '../directory.ts';
import { isThere, onFile } from '../file-errors.ts';
import { readMigrations } from './migrations.ts';

/** Marks a file as Keyfob's in the SQLite header: "KFOB". */
export const APPLICATION_ID = 0x4b464f42;
const MAGIC = 'SQLite format 3\0';
/** The header of the file and that of its first page. https://www.sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 108;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
const FIRST_PAGE_CELLS_AT = 103;
const DISK_ROOM_MIN_BYTES = 1024 * 1024;

/**
 * Whether there is a store at a path, from the first bytes of the file alone: SQLite never opens a file that is not
 * ours, so that the file does not change. `none` where there is no file, or one that a first start left empty. Throws
 * `OperatorError` for anything that cannot be served, a store with a newer schema among them.
 */
export const recogniseStore = (path: string, newestSchema = readMigrations().length): 'store' | 'none' => {
  const { bavail, bsize } = statfsSync(nearestExisting(dirname(path)));
  if (bavail * bsize < DISK_ROOM_MIN_BYTES) {
    const remedy = 'Free some space on the disk of the data directory; nothing was changed.';
    throw new OperatorError('store_disk_full', `${path}: less than 1 MiB is left on its disk`, remedy);
  }
  if (!isThere(path) || onFile(path, () => statSync(path)).size === 0) return 'none';
  const header = onFile(path, () => readHeader(path));
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    const remedy = 'Point --data to another directory, or move the file away; it was not touched.';
    throw new OperatorError('store_not_a_database', `${path}: the file is not a SQLite database`, remedy);
  }
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) {
    if (header.readUInt16BE(FIRST_PAGE_CELLS_AT) === 0) return 'none';
    throw foreign(path);
  }
  refuseNewer(path, header.readUInt32BE(USER_VERSION_AT), newestSchema);
  refuseReadOnly(path);
  return 'store';
};

export const foreign = (path: string): OperatorError =>
  new OperatorError(
    'store_foreign',
    `${path}: the database belongs to another program`,
    'Point --data to another directory; the file was not touched.',
  );

export const refuseNewer = (path: string, schema: number, newestSchema: number): void => {
  if (schema <= newestSchema) return;
  throw new OperatorError(
    'store_newer',
    `${path}: the store has schema ${schema}, and this keyfob knows schemas up to ${newestSchema}`,
    'Start the newer keyfob that wrote it, or restore a backup from before the upgrade. Nothing was changed.',
  );
};

/** SQLite opens a file that it may not write, and fails only at the first write. */
const refuseReadOnly = (path: string): void => {
  const files = [dirname(path), path, `${path}-wal`, `${path}-shm`].filter((file) => existsSync(file));
  for (const file of files) {
    try {
      accessSync(file, constants.W_OK);
    } catch (error) {
      const remedy =
        'Give the user that runs keyfob the right to write the data directory and the files in it, or remount the disk writable.';
      const what = `the store cannot be written${file === path ? '' : `, because of ${file}`}`;
      throw new OperatorError('store_read_only', `${path}: ${what}`, remedy, { cause: error });
    }
  }
};

const readHeader = (path: string): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  return header;
};
