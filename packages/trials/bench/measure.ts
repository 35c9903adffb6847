import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** The operating system's figures for a process, including all threads. */
export type ProcessReading = {
  /** User and system time since its start. */
  readonly cpuMicros: number;
  /** Bytes sent to the disk since its start. */
  readonly writtenBytes: number;
  readonly residentBytes: number;
  /** The peak resident memory. */
  readonly residentMaxBytes: number;
};

/**
 * The figures of several processes together. The other figures are available for a single process only. (Linux counts a
 * whole folio as written when a part of it changes. For a log that is written in place, like PostgreSQL's, this can be a
 * megabyte.)
 */
type TogetherReading = Pick<ProcessReading, 'cpuMicros' | 'residentBytes'> & Partial<ProcessReading>;

/** USER_HZ, the unit of CPU time on every Linux architecture that Node supports. */
const TICKS_PER_SECOND = 100;

/** Reads a process from `/proc`; `undefined` on systems without it. */
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

/**
 * Reads several processes together, each with the processes that come from it, including those that have ended. Memory that a process
 * shares with its children, as in PostgreSQL, counts once. `undefined` if one of the processes cannot be read.
 */
export const readTogether = (pids: readonly number[]): TogetherReading | undefined => {
  try {
    const [first] = pids;
    if (pids.length === 1 && first !== undefined && descendantsOf(first).length === 0)
      return readProcess(first);
    const families = pids.map(readFamily);
    const sum = (value: (family: Family) => number): number =>
      families.reduce((total, family) => total + value(family), 0);
    return {
      cpuMicros: sum(({ cpuMicros }) => cpuMicros),
      residentBytes: sum(({ residentBytes }) => residentBytes),
    };
  } catch {
    return undefined;
  }
};

/** The CPU time of a process and of all that came from it, whether they run or have ended. */
export const readTreeCpuMicros = (pid: number): number => readFamily(pid).cpuMicros;

type Family = ReturnType<typeof readFamily>;

const readFamily = (pid: number) => {
  const members = [pid, ...descendantsOf(pid)].flatMap(readMember);
  if (members.length === 0) throw new Error(`process ${pid} cannot be read`);
  const sum = (value: (member: Member) => number): number =>
    members.reduce((total, member) => total + value(member), 0);
  return {
    cpuMicros: sum(({ cpuMicros }) => cpuMicros),
    residentBytes:
      sum(({ ownBytes }) => ownBytes) + Math.max(...members.map(({ sharedBytes }) => sharedBytes)),
  };
};

type Member = ReturnType<typeof readMember>[number];

/** Empty if the process has ended: its CPU time is then included in that of its parent. */
const readMember = (pid: number) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    // A process that is ending no longer has memory.
    const kibibytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
    return [
      {
        cpuMicros: readCpuMicros(readFileSync(`/proc/${pid}/stat`, 'latin1'), 'with_ended_children'),
        ownBytes: kibibytes('RssAnon') * 1024,
        sharedBytes: (kibibytes('RssFile') + kibibytes('RssShmem')) * 1024,
      },
    ];
  } catch {
    return [];
  }
};

/** All processes that come from a process: what any of its threads started, and what these started. */
export const descendantsOf = (pid: number): readonly number[] =>
  childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);

/** Empty if the process has ended, or the system does not list them. */
const childrenOf = (pid: number): readonly number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
};

/** Sums fields 14 to 17 of `/proc/PID/stat`. Field 2, the name, is in parentheses and may contain any character. */
const readCpuMicros = (stat: string, whose: 'own' | 'with_ended_children' = 'own'): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, whose === 'own' ? 13 : 15).map(Number);
  return (ticks.reduce((total, field) => total + field, 0) * 1e6) / TICKS_PER_SECOND;
};

const readNumber = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);

const CHANGES_OFFSET = 8;
const CHANGES_MODULUS = 2 ** 32;

/**
 * The number of transactions that a SQLite store in WAL mode has committed, modulo 2^32. Reads the counter `iChange` in the
 * header of the wal-index. It has the byte order of the machine, which is little-endian on all current Node platforms.
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

/** The number of commits between two readings. */
export const commitsBetween = (before: number, after: number): number =>
  (after - before + CHANGES_MODULUS) % CHANGES_MODULUS;
