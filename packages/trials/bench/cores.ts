import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { descendantsOf } from './measure.ts';

/** The assignment of processes to cores. */
export type Cores = {
  /** One sentence for the reader of the figures. */
  readonly note: string;
  /** Pins every thread of a process, and of those that come from it, to the core of its role. Does nothing if pinning is not possible. */
  pin(pid: number, role: 'server' | 'generator'): void;
};

/** Pins the server to one core and the generator to another, with `taskset`. */
export const shareCores = (): Cores => {
  const cores = readAllowedCores();
  const [generator] = cores;
  const server = cores.at(-1);
  const hasOneCore = generator === undefined || server === undefined || generator === server;
  if (hasOneCore) return { note: 'NOT PINNED: this process can use only one core', pin: () => {} };
  if (spawnSync('taskset', ['--version']).error !== undefined)
    return { note: 'NOT PINNED: taskset is not installed', pin: () => {} };
  return {
    note: `server pinned to core ${server}, generator to core ${generator}`,
    pin(pid, role) {
      const core = String(role === 'server' ? server : generator);
      // The process itself comes first: the children that it starts from now on inherit its core.
      for (const member of [pid, ...descendantsOf(pid)]) {
        const { status, stderr } = spawnSync('taskset', ['-acp', core, String(member)], { encoding: 'utf8' });
        const hasEnded = member !== pid && !existsSync(`/proc/${member}`);
        if (status !== 0 && !hasEnded)
          throw new Error(`taskset cannot pin process ${member} to core ${core}: ${stderr}`);
      }
    },
  };
};

/** Reads a list such as `0-3,8`. Empty on systems without `/proc`. */
const readAllowedCores = (): readonly number[] => {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '';
    return list.split(',').flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [];
  }
};
