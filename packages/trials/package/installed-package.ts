import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { KEYFOB_BIN, makeDataDirectory, removeDataDirectory } from '../support/keyfob-process.ts';
import type { Ended } from '../support/keyfob-process.ts';
import { runCommand } from '../support/run-command.ts';

export const WORKSPACE = join(dirname(KEYFOB_BIN), '..', '..', '..');

/** What npm says when it cannot reach its registry. */
export const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|E403|E407/;

/** The package as users install it. */
export type InstalledPackage = {
  /** The folder in which the package is installed. */
  readonly home: string;
  /** The files in the packed archive, one per line. */
  readonly files: string;
  /** Runs a program in that folder, with the Node of this process. */
  run(program: string, args: readonly string[]): Promise<Ended>;
};

/** Packs the server and installs it in an empty folder. Returns `no_network` if the registry cannot be reached. */
export const installPackage = async (
  after: (cleanUp: () => void) => void,
): Promise<InstalledPackage | 'no_network'> => {
  const directory = makeDataDirectory();
  after(() => removeDataDirectory(directory));
  const home = join(directory, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{"private":true,"type":"module"}');
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH: path, NODE_OPTIONS: '' };
  const run = (program: string, args: readonly string[], cwd = home): Promise<Ended> =>
    runCommand(program, args, { cwd, env });

  const packing = ['pack', '--workspace', 'packages/server', '--pack-destination', directory];
  const packed = await run('npm', packing, WORKSPACE);
  assert.equal(packed.code, 0, `${packed.stdout}\n${packed.stderr}`);
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? assert.fail('no tarball');
  const { stdout: files } = await run('tar', ['-tzf', join(directory, tarball)]);
  const installing = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(directory, tarball)];
  const installed = await run('npm', installing);
  if (installed.code !== 0 && NO_NETWORK.test(installed.stderr)) return 'no_network';
  assert.equal(installed.code, 0, installed.stderr);
  return { home, files, run: (program, args) => run(program, args) };
};
