import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Skipped } from '../../support/skipped.ts';
import { checkSha256, keepPeer, peerCacheDirectory } from './peer-cache.ts';
import { findMissing, runStep } from './run-step.ts';

const VERSION = '26.4.5';
const ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
const ZIP = `keycloak-quarkus-dist-${VERSION}.zip`;
const ZIP_SHA256 = '72f73642a2c36de797d51b4b2b342d4a49f6e5832af10aa470cd123627bd80b3';
const ZIP_MEBIBYTES = 153;
const TIMEOUT_MS = 20 * 60_000;
const MEBIBYTE = 1024 * 1024;

/**
 * Installs Keycloak from its zip on Maven Central, once, and builds it for PostgreSQL. Needs Java 17 or newer, `unzip`, and
 * Maven, or the zip in the cache directory.
 */
export const installKeycloak = async (
  mayDownload: boolean,
): Promise<{ readonly directory: string; readonly version: string } | Skipped> => {
  const missing = await findMissing({ java: '-version' });
  if (missing.length > 0) return { skipped: 'java is not on the PATH' };
  const kept = await keepPeer({ name: `keycloak-${VERSION}`, mayDownload, make: install });
  return 'skipped' in kept ? kept : { ...kept, version: VERSION };
};

const install = async (directory: string): Promise<Skipped | undefined> => {
  const given = join(peerCacheDirectory(), ZIP);
  const needed = existsSync(given) ? { unzip: '-v' } : { unzip: '-v', mvn: '--version' };
  const missing = await findMissing(needed);
  if (missing.length > 0) return { skipped: `keycloak cannot be installed without ${missing.join(' and ')}` };
  const zip = existsSync(given) ? given : await download(directory);
  await checkSha256(zip, ZIP_SHA256);
  const title = (step: string): string => `keycloak ${VERSION}: ${step}`;
  const run = async (step: string, program: string, ...args: readonly string[]): Promise<string> =>
    runStep({ title: title(step), program, args, options: { cwd: directory }, timeoutMs: TIMEOUT_MS });
  await run('unpacking', 'unzip', '-q', zip, '-d', directory);
  const unpacked = join(directory, `keycloak-${VERSION}`);
  for (const name of readdirSync(unpacked)) renameSync(join(unpacked, name), join(directory, name));
  rmSync(join(directory, 'maven'), { recursive: true, force: true });
  // The build options of a production server. `start --optimized` then starts without another build.
  await run('building for PostgreSQL (once)', 'sh', 'bin/kc.sh', 'build', '--db=postgres');
  return undefined;
};

/** Fetches the zip with Maven, into a repository of its own, so that a zip with a wrong checksum stays nowhere. */
const download = async (directory: string): Promise<string> => {
  const repository = join(directory, 'maven');
  const folder = join(repository, 'org/keycloak/keycloak-quarkus-dist', VERSION);
  await runStep({
    title: `keycloak ${VERSION}: downloading ${ZIP_MEBIBYTES} MiB from Maven Central (once)`,
    program: 'mvn',
    args: [
      '--batch-mode',
      '--quiet',
      `-Dmaven.repo.local=${repository}`,
      'dependency:get',
      `-Dartifact=${ARTIFACT}`,
      '-Dtransitive=false',
    ],
    timeoutMs: TIMEOUT_MS,
    progress: () => `${Math.round(bytesIn(folder) / MEBIBYTE)} of ${ZIP_MEBIBYTES} MiB`,
  });
  return join(folder, ZIP);
};

const bytesIn = (folder: string): number => {
  try {
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    return Math.max(0, ...sizes);
  } catch {
    return 0;
  }
};
