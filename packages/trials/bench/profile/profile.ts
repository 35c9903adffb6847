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
/** The time between two samples. */
export const INTERVAL_MICROS = 500;
const ROOT_URL = new URL('../../../../', import.meta.url).href;

/** The shares of the server's main thread, and the server's speed under the profiler. */
export type ProfileResult = {
  readonly shares: Shares;
  readonly requestsPerSecond: number;
  /** One sentence on the assignment of processes to cores. */
  readonly pinning: string;
};

/** Loads a server under the profiler. Rejects with `WrongAnswer` on the first wrong answer. */
export const profileKeyfob = async (seconds: number): Promise<ProfileResult> => {
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
          // V8 uses the same clock for the times in a profile.
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

/** Reads the main thread's profile (thread 0). Node names a profile CPU.DATE.TIME.PID.THREAD.SEQUENCE.cpuprofile. */
const readProfile = (directory: string): CpuProfile => {
  const name = readdirSync(directory).find((file) => /\.0\.\d+\.cpuprofile$/.test(file));
  if (name === undefined) throw new Error('the server exited without writing a profile');
  return JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile;
};
