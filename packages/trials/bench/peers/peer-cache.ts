import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Skipped } from '../../support/skipped.ts';

/** Where programs of others stay between runs: `KEYFOB_BENCH_CACHE`, or `keyfob-bench` in the user's cache directory. */
export const peerCacheDirectory = (environment: NodeJS.ProcessEnv = process.env): string => {
  const { KEYFOB_BENCH_CACHE: own, XDG_CACHE_HOME: base } = environment;
  return own !== undefined && own !== '' ? own : join(base || join(homedir(), '.cache'), 'keyfob-bench');
};

export type KeepOptions = {
  /** The name of its directory in the cache: program and version. */
  readonly name: string;
  readonly cache?: string;
  /** Whether `make` may be called if the cache lacks it. */
  readonly mayDownload: boolean;
  /** Fills a new directory. A reason, or an error, leaves nothing in the cache. */
  make(directory: string): Promise<Skipped | undefined>;
};

/**
 * The directory of a program in the cache. What is missing is made in a directory beside it that then gets its name, so
 * an interrupted run leaves nothing half done, and two runs at once do no harm: the first one wins.
 */
export const keepPeer = async ({
  name,
  cache = peerCacheDirectory(),
  mayDownload,
  make,
}: KeepOptions): Promise<{ readonly directory: string } | Skipped> => {
  const directory = join(cache, name);
  if (existsSync(directory)) return { directory };
  if (!mayDownload) return { skipped: `${name} is not in ${cache}, and this run downloads nothing` };
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(join(cache, `making-${name}-`));
  try {
    const failure = await make(making);
    if (failure !== undefined) return failure;
    if (!existsSync(directory)) renameSync(making, directory);
    return { directory };
  } catch (error) {
    return {
      skipped: `${name} could not be installed: ${error instanceof Error ? error.message : String(error)}`,
    };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
};

/** Throws if the SHA-256 of a file, in hexadecimal digits, is another one. */
export const checkSha256 = async (path: string, expected: string): Promise<void> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const actual = hash.digest('hex');
  if (actual !== expected) throw new Error(`${path} has the SHA-256 ${actual}, not ${expected}`);
};
