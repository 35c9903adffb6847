import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/run-command.ts';
import type { Ended } from '../support/keyfob-process.ts';
import type { ImageConfig } from './image-store.ts';

/** How a container runs. It never has capabilities and never gets new privileges. */
export type ContainerPlan = {
  readonly root: string;
  readonly config: ImageConfig;
  /** Arguments after the entry point; by default those of the image. */
  readonly args?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folders and files of this machine at paths of the container. Everything else is read-only. */
  readonly mounts: readonly { readonly from: string; readonly to: string; readonly isReadOnly: boolean }[];
};

/** A running container of `runc`, on the network of this machine. */
export type Container = {
  /** The output so far. */
  output(): string;
  /** Runs a command in the container, as its user. */
  run(...words: readonly string[]): Promise<Ended>;
  signal(name: 'TERM' | 'KILL'): Promise<void>;
  /** Resolves to the exit code. */
  readonly exited: Promise<number | null>;
};

/** Starts a container. Its first process is the entry point, as in Docker and Kubernetes. */
export const startContainer = (plan: ContainerPlan): Container => {
  const bundle = mkdtempSync(join(tmpdir(), 'keyfob-bundle-'));
  const state = join(bundle, 'state');
  mkdirSync(state);
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(specificationOf(plan)));
  const id = `keyfob-${process.pid}-${bundle.slice(-6)}`;
  const child = spawn('runc', ['--root', state, 'run', '--bundle', bundle, id], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const end = async (): Promise<number | null> => {
    const [code] = (await once(child, 'close')) as [number | null];
    await runCommand('runc', ['--root', state, 'delete', '--force', id]);
    rmSync(bundle, { recursive: true, force: true });
    return code;
  };
  return {
    output: () => output,
    run: (...words) => runCommand('runc', ['--root', state, 'exec', id, ...words]),
    async signal(name) {
      const ended = await runCommand('runc', ['--root', state, 'kill', id, name]);
      if (ended.code !== 0) throw new Error(`runc kill: ${ended.stderr}`);
    },
    exited: end(),
  };
};

/** @see https://github.com/opencontainers/runtime-spec/blob/main/config.md */
const specificationOf = ({ root, config, args = config.Cmd, environment, mounts }: ContainerPlan): object => {
  const [uid, gid] = config.User.split(':').map(Number);
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return {
    ociVersion: '1.0.2',
    root: { path: root, readonly: true },
    process: {
      user: { uid, gid },
      args: [...config.Entrypoint, ...args],
      cwd: config.WorkingDir,
      env: [...config.Env, ...variables],
      noNewPrivileges: true,
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      ...mounts.map(({ from, to, isReadOnly }) => ({
        destination: to,
        type: 'bind',
        source: from,
        options: ['bind', isReadOnly ? 'ro' : 'rw'],
      })),
    ],
    linux: { namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })) },
  };
};
