import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { KEYFOB_BIN } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { directoryFor, errorOf, grantFor, runOn, serverFor, setStrict } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

type Line = Readonly<Record<string, unknown>> & { readonly event: string };

/** Runs `keyfob events --follow` until the test ends. */
const follow = (scope: Scope, directory: string, ...args: readonly string[]) => {
  const words = [KEYFOB_BIN, 'events', '--follow', '--json', '--data', directory, ...args];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  scope.after(() => child.kill('SIGKILL'));
  const lines: Line[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => void lines.push(JSON.parse(line) as Line));
  return {
    child,
    lines,
    /** Resolves when an event of this name has been printed `count` times. */
    async until(event: string, count = 1): Promise<void> {
      while (lines.filter((line) => line.event === event).length < count) await once(reader, 'line');
    },
  };
};

const socketsIn = (directory: string): readonly string[] =>
  readdirSync(directory).filter((name) => name.endsWith('.sock'));

describe('keyfob events', () => {
  test('prints the stored events, for people and for programs, all or filtered', async (t) => {
    const directory = directoryFor(t);
    const command = {
      command: async <Output>(...words: readonly string[]) => {
        const ended = await runOn(
          directory,
          ...words,
          ...(words[0] === 'client' ? ['--create-store'] : []),
          '--json',
        );
        assert.equal(ended.code, 0, ended.stderr);
        return JSON.parse(ended.stdout) as Output;
      },
    };
    const { client, grant } = await grantFor(command, 'smartcar');
    const { grant: other } = await grantFor(command, 'pleos');
    for (const verb of ['revoke', 'reinstate']) await runOn(directory, 'grant', verb, grant.grantId);
    await runOn(directory, 'grant', 'revoke', other.grantId);
    const text = await runOn(directory, 'events');
    const [created = '', , revoked = '', , last = ''] = text.stdout.trim().split('\n');
    const about = `${grant.grantId}  ${client.clientId}  subject owner-1`;
    assert.match(created, new RegExp(`^\\d{4}-\\S+Z  grant.created +${about}$`));
    assert.match(revoked, new RegExp(`^\\d{4}-\\S+Z  grant.revoked +${about}  cause operator$`));
    assert.match(last, new RegExp(other.grantId));
    const linesOf = async (...args: readonly string[]) =>
      (await runOn(directory, 'events', '--json', ...args)).stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as Line).event);
    const ofGrant = ['grant.created', 'grant.revoked', 'grant.reinstated'];
    assert.deepEqual(await linesOf('--grant', grant.grantId), ofGrant);
    assert.deepEqual(await linesOf('--client', client.clientId), ofGrant);
    assert.deepEqual(await linesOf('--client', client.clientId, '--grant', other.grantId), []);
    assert.deepEqual(await linesOf('--limit', '2'), ['grant.reinstated', 'grant.revoked']);
    assert.equal((await linesOf('--since', '1h')).length, 5);
    assert.deepEqual(await linesOf('--since', '2100-01-01'), []);
    for (const args of [
      ['--since', 'soon'],
      ['--grant', 'x'],
      ['--limit', '-1'],
    ]) {
      const ended = await runOn(directory, 'events', '--json', ...args);
      assert.deepEqual([ended.code, errorOf(ended).code], [2, 'usage']);
    }
  });

  test('--follow --client shows why that client is refused, and nothing about others', async (t) => {
    const server = await serverFor(t);
    const { client, grant } = await grantFor(server, 'smartcar');
    const { client: other } = await grantFor(server, 'smartcar');
    const following = follow(t, server.dataDirectory, '--client', client.clientId, '--limit', '0');
    await following.until('live_events.attached');
    await refreshSmartcar(server.url, { ...other, clientSecret: 'guess' }, grant.refreshToken);
    await refreshSmartcar(server.url, { ...client, clientSecret: 'guess' }, grant.refreshToken);
    await refreshSmartcar(server.url, client, grant.refreshToken, { 'user-agent': '' });
    await following.until('request.refused');
    const events = following.lines.slice(1).map(({ event, clientId, reason }) => [event, clientId, reason]);
    assert.deepEqual(events, [
      ['client.refused', client.clientId, 'client_secret_wrong'],
      ['request.refused', client.clientId, 'user_agent_missing'],
    ]);
  });

  test('--follow reports that there is no server to follow', async (t) => {
    const directory = directoryFor(t);
    await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'smartcar');
    const words = [KEYFOB_BIN, 'events', '--follow', '--data', directory];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    t.after(() => child.kill('SIGKILL'));
    const [message] = (await once(child.stderr.setEncoding('utf8'), 'data')) as [string];
    assert.match(message, /no running server can be followed here/);
  });

  test('--follow shows the refresh, the replay and the revocation of a grant, each with its request id', async (t) => {
    const server = await serverFor(t);
    const { client, grant } = await grantFor(server, 'smartcar');
    await setStrict(server, client);
    const { grant: other } = await grantFor(server, 'smartcar');
    await server.command('grant', 'revoke', grant.grantId);
    await server.command('grant', 'reinstate', grant.grantId);
    const following = follow(t, server.dataDirectory, '--grant', grant.grantId);
    await following.until('live_events.attached');
    await following.until('grant.reinstated');
    await refreshSmartcar(server.url, client, grant.refreshToken);
    await server.command('grant', 'revoke', other.grantId);
    await refreshSmartcar(server.url, client, grant.refreshToken);
    await following.until('refresh.replayed');
    await server.command('grant', 'reinstate', grant.grantId);
    await following.until('grant.reinstated', 2);
    const seen = following.lines.filter(({ event }) => event !== 'live_events.attached');
    assert.deepEqual(
      seen.map(({ event }) => event),
      [
        'grant.created',
        'grant.revoked',
        'grant.reinstated',
        'refresh.rotated',
        'grant.replayed',
        'grant.revoked',
        'refresh.replayed',
        'grant.reinstated',
      ],
    );
    for (const { grantId } of seen) assert.equal(grantId, grant.grantId);
    const replay = seen.slice(4, 7).map(({ requestId }) => requestId);
    assert.equal(new Set(replay).size, 1);
    assert.match(String(replay[0]), /^[0-9a-f-]{36}$/);
    const ended = once(following.child, 'exit');
    following.child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
  });

  test('--follow shows the events of every server on the directory, including those that start later', async (t) => {
    const dataDirectory = directoryFor(t);
    const one = await serverFor(t, { dataDirectory });
    const { client, grant } = await grantFor(one, 'smartcar');
    const following = follow(t, dataDirectory, '--limit', '0');
    await following.until('live_events.attached');
    const two = await serverFor(t, { dataDirectory });
    await following.until('live_events.attached', 2);
    const { refreshToken } = await refreshSmartcar(one.url, client, grant.refreshToken);
    await following.until('refresh.rotated');
    await refreshSmartcar(two.url, client, refreshToken);
    await following.until('refresh.rotated', 2);
    const pids = following.lines.filter(({ event }) => event === 'refresh.rotated').map(({ pid }) => pid);
    assert.deepEqual(pids, [one.child.pid, two.child.pid]);
    assert.equal(await one.stop(), 0);
    await following.until('server.stopping');
    assert.equal(await two.stop(), 0);
    await following.until('server.stopping', 2);
  });
});

describe('The socket of live events', () => {
  test('is private and is removed with its server; that of a dead process is removed too', async (t) => {
    const dataDirectory = directoryFor(t);
    const dead = await serverFor(t, { dataDirectory });
    await dead.kill();
    assert.deepEqual(socketsIn(dataDirectory), [`events-${dead.child.pid}.sock`]);
    const before = process.umask(0o000);
    const server = await serverFor(t, { dataDirectory }).finally(() => process.umask(before));
    const name = `events-${server.child.pid}.sock`;
    assert.deepEqual(socketsIn(dataDirectory), [name]);
    assert.equal(statSync(join(dataDirectory, name)).mode & 0o777, 0o600);
    assert.equal(await server.stop(), 0);
    assert.deepEqual(socketsIn(dataDirectory), []);
  });

  test('of another running server stays', async (t) => {
    const dataDirectory = directoryFor(t);
    const one = await serverFor(t, { dataDirectory });
    const two = await serverFor(t, { dataDirectory });
    const names = [one, two].map(({ child }) => `events-${child.pid}.sock`);
    assert.deepEqual(socketsIn(dataDirectory).toSorted(), names.toSorted());
  });

  test('is missing where its path is too long: this is logged, and the server serves', async (t) => {
    const dataDirectory = join(directoryFor(t), 'a'.repeat(100));
    mkdirSync(dataDirectory, { mode: 0o700 });
    const server = await serverFor(t, { dataDirectory });
    assert.match(server.log(), /"event":"live_events.unavailable".*longer than 107 bytes/);
    const { client, grant } = await grantFor(server, 'smartcar');
    assert.equal((await refreshSmartcar(server.url, client, grant.refreshToken)).status, 200);
  });
});
