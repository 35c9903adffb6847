import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { makeDataDirectory, removeDataDirectory } from '../support/keyfob-process.ts';
import { medianOf } from './statistics.ts';

/** The machine and the versions that the figures belong to. */
export type Machine = {
  /** The commit of this repository, and whether the server's sources differ from it. */
  readonly commit: string;
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  readonly oidcProvider: string;
  /** The load average of the last minute, before the first measurement. */
  readonly load: number;
  /** The file system and device of the data directories. */
  readonly disk: string;
  /** The median time of an append of 4 KiB with fdatasync. */
  readonly fdatasyncMs: number;
};

/** Reads the machine's properties. Takes less than a second, unless the disk is slow. */
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

/** The file system and device that contain a path. */
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
      const startedAtMs = performance.now();
      writeSync(file, bytes);
      fdatasyncSync(file);
      return performance.now() - startedAtMs;
    });
    return medianOf(timesMs);
  } finally {
    closeSync(file);
    rmSync(path);
  }
};

/** Describes the machine in one sentence. */
export const describeMachine = (machine: Machine): string => {
  const { commit, date, processor, cores, memoryGib, kernel, node, oidcProvider, load, disk, fdatasyncMs } =
    machine;
  return (
    `${date}, commit ${commit}; ${cores} cores of ${processor}, ${memoryGib} GiB, ${kernel}, Node ${node}, ` +
    `oidc-provider ${oidcProvider}; data on ${disk}, one fdatasync of 4 KiB takes ${fdatasyncMs.toFixed(2)} ms; load average ${load.toFixed(1)} before the run.`
  );
};
