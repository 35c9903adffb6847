import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { refreshAs, refusalOf } from '../support/refresh-request.ts';
import { errorOf, grantFor, runOn, serverFor } from '../support/test-directory.ts';

test('a log that cannot be written does not stop the server', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('this system has no /dev/full');
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const server = await serverFor(t, { spawn: { stdio: ['ignore', 'pipe', full] } });
  const { client, grant } = await grantFor(server, 'smartcar');
  for (let time = 0; time < 3; time++) {
    const refused = await refreshAs.smartcar(
      server.url,
      { ...client, clientSecret: 'no' },
      grant.refreshToken,
    );
    assert.equal(refusalOf(refused), 'invalid_client');
  }
  const answer = await refreshAs.smartcar(server.url, client, grant.refreshToken);
  assert.equal(answer.status, 200, answer.text);
});

test('a missing demo folder does not stop the server', async (t) => {
  const server = await serverFor(t, { args: ['--demo'] });
  const demo = server.listening['demo'] as { dialect: string; clientId: string; clientSecret: string }[];
  const folder = join(server.dataDirectory, 'demo');
  const token = readFileSync(join(folder, 'smartcar.token'), 'utf8').trim();
  renameSync(folder, join(server.dataDirectory, 'elsewhere'));
  const client = demo.find(({ dialect }) => dialect === 'smartcar');
  assert.ok(client !== undefined);
  const answer = await refreshAs.smartcar(server.url, client, token);
  assert.equal(answer.status, 200, answer.text);
  const next = await refreshAs.smartcar(server.url, client, answer.refreshToken);
  assert.equal(next.status, 200, next.text);
});

test('a backup never replaces the store or the key ring', async (t) => {
  const server = await serverFor(t);
  for (const name of ['keyfob.db', 'keyfob.db-wal', 'keyfob.key']) {
    const target = join(server.dataDirectory, name);
    const ended = await runOn(server.dataDirectory, 'backup', target, '--force', '--json');
    assert.equal(ended.code, 1);
    assert.equal(errorOf(ended).code, 'backup_is_store');
  }
});

test('two simultaneous changes of one policy are both kept', async (t) => {
  const server = await serverFor(t);
  const { client } = await grantFor(server, 'smartcar');
  const set = (flag: string, value: string) =>
    server.spawnCommand('client', 'set', client.clientId, flag, value);
  await Promise.all([set('--overlap-seconds', '203'), set('--race-seconds', '204')]);
  const { policy } = await server.command<{ policy: Record<string, unknown> }>(
    'client',
    'show',
    client.clientId,
  );
  assert.deepEqual([policy['overlapSeconds'], policy['raceSeconds']], [203, 204]);
});
