import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Ended } from '../support/keyfob-process.ts';
import { runCommand } from '../support/run-command.ts';
import { NO_NETWORK, WORKSPACE } from './installed-package.ts';

/** Packs the server and the sandbox, and further packages, into a folder. Returns the archives. */
export const packSandbox = async (
  folder: string,
  more: readonly string[] = [],
): Promise<readonly string[]> => {
  const workspaces = ['server', 'sandbox', ...more].flatMap((name) => ['--workspace', `packages/${name}`]);
  const packed = await runHere('npm', ['pack', ...workspaces, '--pack-destination', folder], WORKSPACE);
  assert.equal(packed.code, 0, `${packed.stdout}\n${packed.stderr}`);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(folder, name));
};

/** Copies an example into a folder and installs it with these archives, or says that the registry cannot be reached. */
export const installExample = async (
  name: string,
  folder: string,
  archives: readonly string[],
): Promise<'installed' | 'no_network'> => {
  mkdirSync(folder, { recursive: true });
  cpSync(join(WORKSPACE, 'examples', name), folder, { recursive: true });
  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  const installed = await runHere('npm', ['install', ...options, ...archives], folder);
  if (installed.code !== 0 && NO_NETWORK.test(installed.stderr)) return 'no_network';
  assert.equal(installed.code, 0, installed.stderr);
  return 'installed';
};

/** Runs a program with the Node of this process, and without its options. */
export const runHere = (program: string, args: readonly string[], cwd: string): Promise<Ended> => {
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return runCommand(program, args, { cwd, env: { ...env, PATH: path, NODE_OPTIONS: '', NO_COLOR: '1' } });
};
