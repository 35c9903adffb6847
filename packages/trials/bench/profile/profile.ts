import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgressBar } from '../../support/progress-bar.ts';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';
import { shareCores } from '../cores.ts';
import { sharesOf } from './shares.ts';
import type { CpuProfile, Shares } from './shares.ts';
import { runRounds } from '../rounds.ts';
import { openKeyfob } from '../targets/keyfob.ts';

export const CONNECTIONS = 64;
export const WARMUP_MS = 3000;
/** Between two samples. */
export const INTERVAL_MICROS = 500;
const ROOT_URL = new URL('../../../../', import.meta.url).href;

/** Where the time of the server's main thread went, and how fast it was under the profiler. */
export type Profiled = {
  readonly shares: Shares;
  readonly requestsPerSecond: number;
  /** A sentence about which process ran where. */
  readonly pinning: string;
};

/** Loads a server under the profiler. Rejects with `WrongAnswer` at the first answer that is not right. */
export const profileKeyfob = async (seconds: number): Promise<Profiled> => {
  const directory = makeDataDirectory();
  try {
    const nodeArgs = [
      '--cpu-prof',
      '--cpu-prof-interval',
      String(INTERVAL_MICROS),
      '--cpu-prof-dir',
      directory,
    ];
    const { note: pinning, pin } = shareCores();
    const bar = createProgressBar('measurements');
    let toMicros = 0;
    const { measurements } = await runRounds(
      {
        targets: ['smartcar'],
        connections: [CONNECTIONS],
        rounds: 1,
        warmupMs: WARMUP_MS,
        measureMs: seconds * 1000,
      },
      {
        pin,
        open: () => openKeyfob('smartcar', nodeArgs),
        onProgress(done, total) {
          bar.show(done, total);
          // V8 times its profile by the same clock.
          toMicros = Number(process.hrtime.bigint() / 1000n);
        },
      },
    ).finally(bar.end);
    const window = { fromMicros: toMicros - seconds * 1e6, toMicros, rootUrl: ROOT_URL };
    const requestsPerSecond = measurements[0]?.requestsPerSecond ?? 0;
    return { shares: sharesOf(readProfile(directory), window), requestsPerSecond, pinning };
  } finally {
    removeDataDirectory(directory);
  }
};

/** That of the main thread: Node names a profile CPU.DATE.TIME.PID.THREAD.SEQUENCE.cpuprofile, and workers have theirs. */
const readProfile = (directory: string): CpuProfile => {
  const name = readdirSync(directory).find((one) => /\.0\.\d+\.cpuprofile$/.test(one));
  if (name === undefined) throw new Error('the server ended without its profile');
  return JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile;
};
