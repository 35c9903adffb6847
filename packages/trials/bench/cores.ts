import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { childrenOf } from './measure.ts';

/** Which process runs where. */
export type Cores = {
  /** A sentence for the reader of the figures. */
  readonly note: string;
  /** Keeps every thread of a process and of its children on the core of its role. Does nothing where that cannot be done. */
  pin(pid: number, role: 'server' | 'generator'): void;
};

/** One core for the server and another for the generator, by `taskset`. */
export const shareCores = (): Cores => {
  const cores = readAllowedCores();
  const [generator] = cores;
  const server = cores.at(-1);
  const isAlone = generator === undefined || server === undefined || generator === server;
  if (isAlone) return { note: 'NOT PINNED: this process may not use two cores', pin: () => {} };
  if (spawnSync('taskset', ['--version']).error !== undefined)
    return { note: 'NOT PINNED: there is no taskset on this machine', pin: () => {} };
  return {
    note: `server pinned to core ${server}, generator to core ${generator}`,
    pin(pid, role) {
      const core = String(role === 'server' ? server : generator);
      // It first: whatever it starts meanwhile inherits its core.
      for (const one of [pid, ...childrenOf(pid)]) {
        const { status, stderr } = spawnSync('taskset', ['-acp', core, String(one)], { encoding: 'utf8' });
        const hasEnded = one !== pid && !existsSync(`/proc/${one}`);
        if (status !== 0 && !hasEnded)
          throw new Error(`taskset cannot pin process ${one} to core ${core}: ${stderr}`);
      }
    },
  };
};

/** From a list such as `0-3,8`. None where there is no `/proc`. */
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
