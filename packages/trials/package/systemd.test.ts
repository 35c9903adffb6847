import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { bootSystemd } from './booted-systemd.ts';
import type { BootedSystemd } from './booted-systemd.ts';

const UNIT = 'keyfob.service';

const valueOf = (systemd: BootedSystemd, name: string): string =>
  systemd.run('systemctl', 'show', '--value', '--property', name, UNIT).stdout.trim();

/** A command on the store of the unit: as its user, and where it sees its files. `systemd-run` would need a message bus. */
const keyfob = (systemd: BootedSystemd, ...words: readonly string[]): unknown => {
  const ids = ['--reuid', valueOf(systemd, 'UID'), '--regid', valueOf(systemd, 'GID'), '--clear-groups'];
  const there = ['nsenter', '--target', valueOf(systemd, 'MainPID'), '--mount', 'setpriv', ...ids];
  const ended = systemd.run(...there, 'keyfob', ...words, '--data', '/var/lib/keyfob', '--json');
  assert.equal(ended.status, 0, ended.stderr);
  return JSON.parse(ended.stdout) as unknown;
};

const refresh = (systemd: BootedSystemd, { clientId, clientSecret }: MadeClient, token: string): string => {
  const form = ['-d', 'grant_type=refresh_token', '-d', `refresh_token=${token}`];
  const url = 'http://127.0.0.1:8787/oauth/token';
  const { stdout } = systemd.run('curl', '-s', '-u', `${clientId}:${clientSecret}`, ...form, url);
  return (JSON.parse(stdout) as { readonly refresh_token: string }).refresh_token;
};

const untilReady = async (systemd: BootedSystemd): Promise<void> => {
  const ask = (): string => systemd.run('curl', '-s', 'http://127.0.0.1:8788/readyz').stdout.trim();
  while (ask() !== 'ready') {
    assert.notEqual(valueOf(systemd, 'ActiveState'), 'failed', systemd.log());
    await sleep(50);
  }
};

test('systemd runs the unit with few rights, starts it again after a kill without loss, and stops it cleanly', async (t) => {
  const systemd = await bootSystemd(t, UNIT);
  if ('skipped' in systemd) return t.skip(systemd.skipped);
  const started = systemd.run('systemctl', 'start', UNIT);
  assert.equal(started.status, 0, started.stderr);
  await untilReady(systemd);
  const pid = valueOf(systemd, 'MainPID');
  const status = systemd.run('cat', `/proc/${pid}/status`).stdout;
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  assert.notEqual(field('Uid').split('\t')[0], '0');
  assert.deepEqual(['CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp'].map(field), [
    '0000000000000000',
    '0000000000000000',
    '1',
    '2',
  ]);
  const client = keyfob(systemd, 'client', 'create', '--dialect', 'smartcar') as MadeClient;
  const owner = ['--client', client.clientId, '--subject', 'owner-1'];
  const grant = keyfob(systemd, 'grant', 'create', ...owner) as MadeGrant;
  const second = refresh(systemd, client, grant.refreshToken);
  systemd.run('kill', '-9', pid);
  while (valueOf(systemd, 'NRestarts') === '0' || valueOf(systemd, 'MainPID') === '0') await sleep(50);
  await untilReady(systemd);
  assert.notEqual(refresh(systemd, client, second), second);
  assert.equal(systemd.run('systemctl', 'stop', UNIT).status, 0);
  assert.deepEqual(
    ['Result', 'ExecMainStatus', 'ActiveState'].map((name) => valueOf(systemd, name)),
    ['success', '0', 'inactive'],
  );
  assert.match(systemd.log(), /server\.stopping/);
});
