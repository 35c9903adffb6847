import {
  closeSync,
  existsSync,
  fsyncSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { StoredAnswer } from '../stores/store.ts';
import { isOwnerGone } from './owner.ts';

/** A second place for answers that the store refuses: encrypted, on disk, and made before it is needed. */
export type Spool = {
  /** Whether another answer would fit. Asked before a token is spent. */
  hasRoom(): boolean;
  /** Writes an answer to disk. Throws where that fails; one that does not fit now is written when there is room. */
  write(answer: StoredAnswer): void;
  /** Forgets an answer: the store has it. */
  remove(id: string): void;
  /** The answers in this one. Costs nothing. */
  own(): readonly StoredAnswer[];
  /** The answers in all spools of the directory: this one's, and those of processes that are gone or not. */
  left(): readonly StoredAnswer[];
  /**
   * Deletes the files of processes that are gone, where every answer in them is among these: a process may have written its last
   * answer after `left` was read.
   */
  clear(storedIds: ReadonlySet<string>): void;
  /** Shows that this process lives, to those that cannot see its number. At least every hour. */
  beat(): void;
  close(): void;
};

/** Space that is taken at the start: a full disk is when it is needed. An answer needs 1 to 8 KiB. */
const FILE_BYTES = 512 * 1024;
const RECORD_MAX_BYTES = 300 * 1024;
const ENDING = '.spool';

type Written = Omit<StoredAnswer, 'sealed'> & { readonly sealed: string };

/** What a store in memory needs: nothing survives with it. */
export const NO_SPOOL: Spool = {
  hasRoom: () => true,
  write() {
    throw new Error('there is no spool');
  },
  remove: () => undefined,
  own: () => [],
  left: () => [],
  clear: () => undefined,
  beat: () => undefined,
  close: () => undefined,
};

/**
 * The spool of this process, one file in a directory that processes of this machine share. The file has a fixed size and
 * is written whole, with a checksum: a torn write is found, and the copy before it is in the second half.
 */
export const openSpool = (directory: string, owner: string): Spool => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const own = join(directory, `${Buffer.from(owner).toString('base64url')}${ENDING}`);
  let file: number | undefined = openSync(own, 'w', 0o600);
  writeSync(file, Buffer.alloc(FILE_BYTES));
  fsyncSync(file);
  const answers = new Map<string, StoredAnswer>();
  let turn = 0;

  /** Halves take turns: the one that holds the last good copy is never written over. Returns what is on disk then, by id. */
  const flush = (): ReadonlyMap<string, string> => {
    turn += 1;
    const fitting = whatFits(answers.values());
    const block = encode(fitting.values(), turn);
    // An answer may come after the keeper was closed, and its process go on for a while.
    const open = file ?? openSync(own, existsSync(own) ? 'r+' : 'w', 0o600);
    try {
      writeSync(open, block, 0, block.length, ((turn % 2) * FILE_BYTES) / 2);
      fsyncSync(open);
    } finally {
      if (file === undefined) closeSync(open);
    }
    return fitting;
  };

  const others = (): readonly string[] =>
    readdirSync(directory)
      .filter((name) => name.endsWith(ENDING))
      .map((name) => join(directory, name))
      .filter((path) => path !== own);

  return {
    hasRoom: () => whatFits(answers.values(), RECORD_MAX_BYTES / 8).size === answers.size,
    write(answer) {
      answers.set(answer.id, answer);
      if (!flush().has(answer.id)) throw new Error('the spool is full');
    },
    remove(id) {
      if (!answers.delete(id)) return;
      try {
        flush();
      } catch {
        // It is stored: at the next start it is offered again, and refused because the row has moved on.
      }
    },
    own: () => [...answers.values()],
    left: () => [...answers.values(), ...others().flatMap((path) => decode(readIfThere(path)))],
    clear(storedIds) {
      // First whether its writer has ended: what is read afterwards is all that there will ever be.
      for (const path of others().filter(isAbandoned))
        if (decode(readIfThere(path)).every(({ id }) => storedIds.has(id))) rmSync(path, { force: true });
    },
    beat() {
      const now = new Date();
      if (file !== undefined) futimesSync(file, now, now);
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
      if (answers.size === 0) rmSync(own, { force: true });
    },
  };
};

const SILENT_MS = 86_400_000;

/** Whether the writer of a spool has ended: surely, or it is of another container and silent for a day. */
const isAbandoned = (path: string): boolean => {
  const owner = Buffer.from(basename(path, ENDING), 'base64url').toString();
  const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return isOwnerGone({ owner }) || changedMs < Date.now() - SILENT_MS;
};

/** Another process may delete a spool between two looks: its own, or one whose answers it has stored. */
const readIfThere = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
};

/** The line before the text of a block, and what is around its records. */
const AROUND_BYTES = 100;

/** The records that fit into one half, oldest first, by id: one that is too long keeps no other off the disk. */
const whatFits = (answers: Iterable<StoredAnswer>, besideBytes = 0): ReadonlyMap<string, string> => {
  const fitting = new Map<string, string>();
  let bytes = AROUND_BYTES + besideBytes;
  for (const answer of answers) {
    const written: Written = { ...answer, sealed: Buffer.from(answer.sealed).toString('base64') };
    const record = JSON.stringify(written);
    const recordBytes = Buffer.byteLength(record) + 1;
    if (bytes + recordBytes > FILE_BYTES / 2) continue;
    bytes += recordBytes;
    fitting.set(answer.id, record);
  }
  return fitting;
};

/** A block: a line with checksum and length, then JSON. */
const encode = (records: Iterable<string>, turn: number): Buffer => {
  const text = `{"turn":${turn},"answers":[${[...records].join()}]}`;
  return Buffer.from(`${checksum(text)} ${String(Buffer.byteLength(text)).padStart(8)}\n${text}`);
};

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** The answers of a spool file: those of the half that was written last and is whole. */
const decode = (bytes: Buffer): readonly StoredAnswer[] => {
  const halves = [bytes.subarray(0, FILE_BYTES / 2), bytes.subarray(FILE_BYTES / 2)]
    .map(decodeHalf)
    .filter((half) => half !== undefined)
    .sort((one, other) => other.turn - one.turn);
  return (halves[0]?.answers ?? []).map((answer) => ({
    ...answer,
    sealed: Buffer.from(answer.sealed, 'base64'),
  }));
};

const HEADER = /^([0-9a-f]{32}) +(\d+)\n/;

const decodeHalf = (bytes: Buffer): { turn: number; answers: readonly Written[] } | undefined => {
  const [header = '', sum, length] = HEADER.exec(bytes.subarray(0, 64).toString('latin1')) ?? [];
  if (header === '') return undefined;
  const text = bytes.subarray(header.length, header.length + Number(length)).toString('utf8');
  return checksum(text) === sum ? (JSON.parse(text) as { turn: number; answers: Written[] }) : undefined;
};
