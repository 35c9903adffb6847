import { spawn, spawnSync } from 'node:child_process';
import type { SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../support/find-program.ts';
import { childrenOf } from '../support/postgres/cluster.ts';
import type { Scope } from '../support/test-directory.ts';
import type { Skipped } from '../support/skipped.ts';
import { WORKSPACE } from './manifests.ts';

/** A systemd that runs as the first process of its own namespaces, with one unit. */
export type BootedSystemd = {
  /** Runs a program beside the unit: with its network, its processes and its files. */
  run(...words: readonly string[]): SpawnSyncReturns<string>;
  /** What the unit wrote. */
  log(): string;
};

const SYSTEMD = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'].find((path) => existsSync(path));
const PROGRAMS = ['unshare', 'nsenter', 'setpriv', 'mount', 'ip', 'systemctl', 'curl'] as const;
/** Where the repository is: the unit sees neither `/tmp` nor homes. */
const REPOSITORY = '/opt';
const LOG = '/run/unit.log';

/** What the targets of a system would bring is there already. */
const TARGETS = ['sysinit', 'basic', 'shutdown', 'umount', 'network-online', 'time-sync', 'multi-user'];

/** Why this machine cannot boot systemd; `undefined` if it may. */
const findObstacle = (): string | undefined => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can boot systemd';
  if (SYSTEMD === undefined) return 'systemd is not installed';
  const missing = PROGRAMS.filter((name) => findProgram(name) === undefined);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
};

/**
 * Boots systemd with a unit of the repository, unchanged, in namespaces of its own: processes, mounts, network, control groups. The
 * state of the unit is in memory. `keyfob` is the one of the repository, with the Node that runs the tests.
 */
export const bootSystemd = async (scope: Scope, unit: string): Promise<BootedSystemd | Skipped> => {
  const obstacle = findObstacle();
  if (obstacle !== undefined) return { skipped: obstacle };
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-systemd-'));
  scope.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFiles(directory, unit);
  const namespaces = ['--mount', '--pid', '--fork', '--mount-proc', '--uts', '--ipc', '--net', '--cgroup'];
  const child = spawn('unshare', [...namespaces, '--kill-child', 'sh', join(directory, 'boot')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', container: 'trial', SYSTEMD_UNIT_PATH: '/run/units' },
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  scope.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  const run: BootedSystemd['run'] = (...words) => {
    const [first = 0] = childrenOf(child.pid ?? 0);
    const inside = ['--target', String(first), '--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup'];
    return spawnSync('nsenter', [...inside, ...words], { encoding: 'utf8', cwd: '/' });
  };
  const isUp = (): boolean =>
    /^(?:starting|running|degraded)$/.test(run('systemctl', 'is-system-running').stdout.trim());
  while (!isUp()) {
    if (child.exitCode !== null) return { skipped: `systemd does not boot here: ${errors.trim()}` };
    await sleep(50);
  }
  return { run, log: () => run('cat', LOG).stdout };
};

const writeFiles = (directory: string, unit: string): void => {
  const units = join(directory, 'units');
  mkdirSync(join(units, `${unit}.d`), { recursive: true });
  copyFileSync(join(WORKSPACE, 'deploy', 'systemd', unit), join(units, unit));
  // There is no journal.
  const output = `[Service]\nStandardOutput=append:${LOG}\nStandardError=append:${LOG}\n`;
  writeFileSync(join(units, `${unit}.d`, 'output.conf'), output);
  for (const name of TARGETS)
    writeFileSync(join(units, `${name}.target`), '[Unit]\nDefaultDependencies=no\n');
  const program = join(directory, 'bin');
  mkdirSync(program);
  const node = process.execPath.replace(WORKSPACE, REPOSITORY);
  const text = `#!/bin/sh\nexec ${node} ${REPOSITORY}/packages/server/bin/keyfob.js "$@"\n`;
  writeFileSync(join(program, 'keyfob'), text);
  for (const path of [directory, units, program, join(program, 'keyfob')]) chmodSync(path, 0o755);
  writeFileSync(
    join(directory, 'boot'),
    [
      'set -e',
      'mount --make-rprivate /',
      'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
      `mount --bind ${WORKSPACE} ${REPOSITORY}`,
      `mount --bind ${program} /usr/local/bin`,
      ...['/run', '/var/lib', '/var/log', '/var/cache'].map(
        (path) => `mount -t tmpfs -o mode=755 tmpfs ${path}`,
      ),
      `mkdir /run/units && cp -r ${units}/. /run/units`,
      'ip link set lo up',
      `exec ${SYSTEMD} --system --unit=multi-user.target --log-target=console --show-status=no`,
    ].join('\n'),
  );
};
