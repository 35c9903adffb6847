import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/run-command.ts';
import type { ImageStore } from './image-store.ts';

/** The Debian release of the official image. */
const DEBIAN = 'bookworm';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Builds a replacement for the official image of Node for machines without access to an image registry: a minimal Debian, the
 * Node of this repository, npm and the user 1000. It trusts the certificates of this machine, because npm may need its proxy.
 */
export const makeBaseImage = async (store: ImageStore, name: string): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-base-'));
  const run = async (program: string, ...words: readonly string[]): Promise<void> => {
    const ended = await runCommand(program, words, { cwd: directory });
    if (ended.code !== 0) throw new Error(`${program} ${words.join(' ')}: ${ended.stdout}\n${ended.stderr}`);
  };
  try {
    const archive = join(directory, 'debian.tar');
    await run('mmdebstrap', '--variant=minbase', DEBIAN, archive);
    await run('npm', 'install', '--prefix', directory, 'npm@11');
    const container = await store.buildah('from', 'scratch');
    await store.buildah('add', '--quiet', container, archive, '/');
    const modules = '/usr/local/lib/node_modules';
    await store.buildah('copy', '--quiet', container, process.execPath, '/usr/local/bin/node');
    await store.buildah('copy', container, join(directory, 'node_modules', 'npm'), `${modules}/npm`);
    if (existsSync(CERTIFICATES)) {
      await store.buildah('copy', container, CERTIFICATES, CERTIFICATES);
      await store.buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, container);
    }
    const commands = [
      `ln -s ${modules}/npm/bin/npm-cli.js /usr/local/bin/npm`,
      `ln -s ${modules}/npm/bin/npx-cli.js /usr/local/bin/npx`,
      'groupadd --gid 1000 node',
      'useradd --uid 1000 --gid node --create-home node',
      'npm --version',
    ];
    await store.buildah('run', '--isolation', 'chroot', container, 'sh', '-c', commands.join(' && '));
    await store.buildah('commit', '--quiet', '--rm', container, name);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
