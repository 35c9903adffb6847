import { readFileSync } from 'node:fs';
import type { KeyfobServer } from '../keyfob-process.ts';

/** `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const USER_TICKS_AT = 11;
const SYSTEM_TICKS_AT = 12;

const pidOf = ({ child }: KeyfobServer): number => {
  if (child.pid === undefined) throw new Error('the server has no process');
  return child.pid;
};

/** Processor time a server has used so far, user and system, all of its threads. */
export const cpuSeconds = (server: KeyfobServer): number => {
  const stat = readFileSync(`/proc/${pidOf(server)}/stat`, 'latin1');
  // The name of the program may hold anything, also spaces, but is the last to be in brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_TICKS_AT]) + Number(fields[SYSTEM_TICKS_AT])) / TICKS_PER_SECOND;
};

/** Memory of a server that is resident now, and the most that ever was. MB of 10^6 bytes. */
export const memoryMb = (server: KeyfobServer): { readonly resident: number; readonly peak: number } => {
  const status = readFileSync(`/proc/${pidOf(server)}/status`, 'latin1');
  const read = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s+(?<kib>\\d+) kB$`, 'm').exec(status)?.groups?.['kib']) * 1024) / 1e6;
  return { resident: read('VmRSS'), peak: read('VmHWM') };
};
