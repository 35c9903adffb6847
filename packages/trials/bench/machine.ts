import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { makeDataDirectory, removeDataDirectory } from '../support/keyfob-process.ts';
import { medianOf } from './statistics.ts';

/** Where and of what figures were taken. */
export type Machine = {
  /** Of this repository, and whether the server's sources differ from it. */
  readonly commit: string;
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  readonly oidcProvider: string;
  /** How many processes ran or wanted to in the last minute, before anything was measured. */
  readonly load: number;
  /** What the data directories lie on. */
  readonly disk: string;
  /** The median of many appends of 4 KiB, each synced with fdatasync. */
  readonly fdatasyncMs: number;
};

/** Looks at this machine; takes well under a second unless its disk is slow. */
export const readMachine = (): Machine => {
  const directory = makeDataDirectory();
  try {
    const cores = cpus();
    return {
      commit: readCommit(),
      date: new Date().toISOString().slice(0, 10),
      processor: cores[0]?.model.trim() ?? 'unknown',
      cores: cores.length,
      memoryGib: Math.round(totalmem() / 2 ** 30),
      kernel: `${type()} ${release()}`,
      node: process.version,
      oidcProvider: readOidcProviderVersion(),
      load: loadavg()[0] ?? 0,
      disk: readDisk(directory),
      fdatasyncMs: measureFdatasync(join(directory, 'appended')),
    };
  } finally {
    removeDataDirectory(directory);
  }
};

const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

const readCommit = (): string => {
  const isChanged = git('status', '--porcelain', '--', ':/packages/server') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ' with changes' : ''}`;
};

const readOidcProviderVersion = (): string =>
  (createRequire(import.meta.url)('oidc-provider/package.json') as { version: string }).version;

/** The file system and device of the mount that a path lies in. */
const readDisk = (path: string): string => {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    const [device, , fileSystem] = mounts
      .filter(([, at = '']) => path.startsWith(at === '/' ? at : `${at}/`))
      .sort((left, right) => (right[1]?.length ?? 0) - (left[1]?.length ?? 0))[0] ?? [
      'unknown',
      '',
      'unknown',
    ];
    return `${fileSystem} on ${device}`;
  } catch {
    return 'unknown';
  }
};

const APPENDS = 100;
const APPEND_BYTES = 4096;

const measureFdatasync = (path: string): number => {
  const file = openSync(path, 'a');
  try {
    const bytes = Buffer.alloc(APPEND_BYTES);
    const timesMs = Array.from({ length: APPENDS }, () => {
      const beganMs = performance.now();
      writeSync(file, bytes);
      fdatasyncSync(file);
      return performance.now() - beganMs;
    });
    return medianOf(timesMs);
  } finally {
    closeSync(file);
    rmSync(path);
  }
};

/** The machine in one sentence. */
export const describeMachine = (machine: Machine): string => {
  const { commit, date, processor, cores, memoryGib, kernel, node, oidcProvider, load, disk, fdatasyncMs } =
    machine;
  return (
    `${date}, commit ${commit}; ${cores} cores of ${processor}, ${memoryGib} GiB, ${kernel}, Node ${node}, ` +
    `oidc-provider ${oidcProvider}; data on ${disk}, one fdatasync of 4 KiB takes ${fdatasyncMs.toFixed(2)} ms; load average ${load.toFixed(1)} before the run.`
  );
};
