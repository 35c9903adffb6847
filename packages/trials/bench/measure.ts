import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** What the operating system says of a process, all of its threads together. */
export type ProcessReading = {
  /** User and system time since it began. */
  readonly cpuMicros: number;
  /** Sent towards the disk since it began. */
  readonly writtenBytes: number;
  readonly residentBytes: number;
  /** The most it ever had resident. */
  readonly residentMaxBytes: number;
};

/** USER_HZ, in which Linux tells CPU time on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads a process from `/proc`; `undefined` on systems that have none. */
export const readProcess = (pid: number): ProcessReading | undefined => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const io = readFileSync(`/proc/${pid}/io`, 'latin1');
    return {
      cpuMicros: readCpuMicros(readFileSync(`/proc/${pid}/stat`, 'latin1')),
      writtenBytes: readNumber(io, /^write_bytes: (\d+)/m),
      residentBytes: readNumber(status, /^VmRSS:\s+(\d+) kB/m) * 1024,
      residentMaxBytes: readNumber(status, /^VmHWM:\s+(\d+) kB/m) * 1024,
    };
  } catch {
    return undefined;
  }
};

/** Fields 14 and 15 of `/proc/PID/stat`; the second field, the name, is in parentheses and may hold anything. */
const readCpuMicros = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND;
};

const readNumber = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);

const CHANGES_OFFSET = 8;
const CHANGES_MODULUS = 2 ** 32;

/**
 * How many transactions a SQLite store in WAL mode has committed, modulo 2^32, seen from outside: the header of the
 * wal-index counts them in `iChange`, in the byte order of the machine (little-endian wherever Node runs nowadays).
 * @see https://www.sqlite.org/walformat.html#the_wal_index_file_format
 */
export const readCommits = (walIndexPath: string): number => {
  const file = openSync(walIndexPath, 'r');
  try {
    const bytes = Buffer.alloc(4);
    readSync(file, bytes, 0, bytes.length, CHANGES_OFFSET);
    return bytes.readUInt32LE();
  } finally {
    closeSync(file);
  }
};

/** Commits from one reading to a later one. */
export const commitsBetween = (before: number, after: number): number =>
  (after - before + CHANGES_MODULUS) % CHANGES_MODULUS;
