import {
  closeSync,
  cpSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { CopySyncOptions, Dirent } from 'node:fs';
import { join, relative } from 'node:path';

/** A file of a state folder, as it was at a moment. */
type FileFacts = {
  readonly path: string;
  readonly inode: number;
  readonly modifiedNs: bigint;
  readonly content: Buffer;
};

/** The files of a state folder by their paths in it. */
export type StateFacts = ReadonlyMap<string, FileFacts>;

/** Files above this are data stores, whose writes we cannot judge. */
const TORN_MAX_BYTES = 65_536;

/** Sockets and pipes are left out: they belong to processes. */
const COPY: CopySyncOptions = {
  recursive: true,
  preserveTimestamps: true,
  filter(source) {
    const status = lstatSync(source);
    return status.isFile() || status.isDirectory() || status.isSymbolicLink();
  },
};

/** Copies a state folder to another place, which must not exist. A command may have removed the folder. */
export const saveState = (folder: string, copy: string): void => {
  mkdirSync(folder, { recursive: true });
  cpSync(folder, copy, COPY);
};

/** Puts a copy back in place of the folder's content. */
export const restoreState = (folder: string, copy: string): void => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(copy, folder, COPY);
};

/** Everything under a folder; nothing if it is gone. */
const list = (folder: string): readonly Dirent[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];

/**
 * Makes everything in a folder older by so many seconds, as it is after a wait that was none. A lock that counts as left behind
 * after a while, by the times of its file, is found so.
 */
export const ageState = (folder: string, seconds: number): void => {
  for (const { parentPath, name } of list(folder)) {
    const path = join(parentPath, name);
    try {
      const { atimeMs, mtimeMs } = lstatSync(path);
      lutimesSync(path, atimeMs / 1000 - seconds, mtimeMs / 1000 - seconds);
    } catch {
      // It is gone, or belongs to somebody else.
      continue;
    }
  }
};

/** All files under a folder. Unreadable ones and those that vanish are left out. */
export const readState = (folder: string): StateFacts => {
  const facts = new Map<string, FileFacts>();
  for (const entry of list(folder)) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    try {
      const { ino, mtimeNs, size } = statSync(path, { bigint: true });
      const content = size > TORN_MAX_BYTES ? Buffer.alloc(0) : readFileSync(path);
      facts.set(relative(folder, path), { path, inode: Number(ino), modifiedNs: mtimeNs, content });
    } catch {
      continue;
    }
  }
  return facts;
};

/** A state folder as it was at a moment. */
export type HeldState = { readonly files: StateFacts; release(): void };

/**
 * Remembers a state folder until it is released. Its files are held open: a file that replaces another one would otherwise soon get
 * the number of its predecessor, and look as if it had been written in place.
 */
export const holdState = (folder: string): HeldState => {
  const files = readState(folder);
  const open = [...files.values()].flatMap(({ path }) => tryOpen(path) ?? []);
  return {
    files,
    release() {
      for (const fd of open) closeSync(fd);
    },
  };
};

const tryOpen = (path: string): number | undefined => {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
};

/**
 * Makes the state folder what a kill in the middle of writing would have left of it, and returns the name of the torn file;
 * `undefined` if no file was written in a way that a kill can tear.
 *
 * A file that was written in place (the same inode, other content) is empty for a moment between its opening and its writing; one
 * that was appended to ends in half a line. A file that was replaced by renaming has no such moment, and neither have databases,
 * which keep a journal for it. Files that were written after the torn one are not written yet.
 */
export const tearState = (folder: string, before: StateFacts): string | undefined => {
  const written = [...readState(folder)]
    .filter(([name, file]) => !before.get(name)?.content.equals(file.content))
    .sort(([, one], [, other]) => Number(one.modifiedNs - other.modifiedNs));
  const index = written.findIndex(([name, file]) => isTearable(before.get(name), file));
  const [name, torn] = written[index] ?? [];
  if (name === undefined || torn === undefined) return undefined;
  for (const [later, file] of written.slice(index + 1)) undo(file.path, before.get(later));
  const old = before.get(name)?.content ?? Buffer.alloc(0);
  const isAppended = old.length > 0 && torn.content.subarray(0, old.length).equals(old);
  truncateSync(torn.path, isAppended ? old.length + Math.floor((torn.content.length - old.length) / 2) : 0);
  return name;
};

const isTearable = (before: FileFacts | undefined, { inode, content }: FileFacts): boolean =>
  before?.inode === inode && before.content.length > 0 && content.length > 0 && !content.includes(0);

const undo = (path: string, before: FileFacts | undefined): void => {
  if (before !== undefined && existsSync(path)) writeFileSync(path, before.content);
  else rmSync(path, { force: true });
};
