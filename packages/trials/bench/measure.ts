import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';

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

/**
 * What is said of several processes together; the rest is known of one alone only. (What Linux counts as written has all
 * of a folio of which a part is, and of a log that is written in place, as PostgreSQL's is, that may be a megabyte.)
 */
type TogetherReading = Pick<ProcessReading, 'cpuMicros' | 'residentBytes'> & Partial<ProcessReading>;

/** USER_HZ, in which Linux counts CPU time on every architecture that Node runs on. */
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

/**
 * Reads processes together, each with its children, those that have ended included. Memory that a process shares with
 * its children, as PostgreSQL's do, counts once. `undefined` where one of them cannot be read.
 */
export const readTogether = (pids: readonly number[]): TogetherReading | undefined => {
  try {
    const [alone] = pids;
    if (pids.length === 1 && alone !== undefined && childrenOf(alone).length === 0) return readProcess(alone);
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

type Family = ReturnType<typeof readFamily>;

const readFamily = (pid: number) => {
  const members = [pid, ...childrenOf(pid)].flatMap(readMember);
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

/** None where it has ended meanwhile: then it is in what its parent had of its children. */
const readMember = (pid: number) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    // One that is ending has no memory any more.
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

/** Those that the main thread of a process started; none where the system does not list them. */
export const childrenOf = (pid: number): readonly number[] => {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'latin1').split(' ').filter(Boolean).map(Number) : [];
};

/** Fields 14 to 17 of `/proc/PID/stat`; the second field, the name, is in parentheses and may hold anything. */
const readCpuMicros = (stat: string, whose: 'own' | 'with_ended_children' = 'own'): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, whose === 'own' ? 13 : 15).map(Number);
  return (ticks.reduce((total, some) => total + some, 0) * 1e6) / TICKS_PER_SECOND;
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
