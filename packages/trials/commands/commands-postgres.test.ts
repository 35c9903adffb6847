import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeDataDirectory, removeDataDirectory, runKeyfob, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshSmartcar, refusalOf } from '../support/refresh-request.ts';
import { errorOf, grantFor } from '../support/test-directory.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';

const PASSWORD = 'p4ssw0rd-of-the-database';

const cluster = await startCluster();
if ('reason' in cluster) test('keyfob on PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describe('keyfob on PostgreSQL', () => tryCommands(cluster));
}

function tryCommands({ url, ask }: Cluster): void {
  const directory = makeDataDirectory();
  const keyFile = join(directory, 'shared.key');
  const environment = { KEYFOB_STORE: url().replace('unused', PASSWORD), KEYFOB_KEY_FILE: keyFile };
  const said: string[] = [];
  const run = async (...words: readonly string[]) => {
    const ended = await runKeyfob(words, environment);
    said.push(ended.stdout, ended.stderr);
    return ended;
  };
  const servers: KeyfobServer[] = [];

  before(async () => {
    const { stdout } = await runKeyfob(['keys', 'create']);
    writeFileSync(keyFile, stdout, { mode: 0o600 });
  });
  after(async () => {
    for (const server of servers) await server.stop();
    removeDataDirectory(directory);
    const text = [...said, ...servers.map((server) => server.log())].join('\n');
    assert.ok(!text.includes(PASSWORD), 'the password of the database was shown');
  });

  test('Without a key ring for all nodes nothing is opened.', async () => {
    const ended = await runKeyfob(['serve', '--json'], { KEYFOB_STORE: environment.KEYFOB_STORE });
    assert.equal(ended.code, 1);
    assert.equal(errorOf(ended).code, 'key_missing');
  });

  test('A missing store is reported, and "keyfob migrate" creates it.', async () => {
    assert.equal(errorOf(await run('client', 'list', '--json')).code, 'store_missing');
    const [first, second] = [await run('migrate', '--json'), await run('migrate', '--json')];
    const { from, to } = JSON.parse(first.stdout) as { from: number; to: number };
    assert.deepEqual([from, (JSON.parse(second.stdout) as { from: number }).from], [0, to]);
  });

  test('Two nodes serve one store, and each accepts the tokens of the other.', async () => {
    for (let node = 0; node < 2; node++)
      servers.push(await startKeyfob({ dataDirectory: directory, environment }));
    const [one, other] = servers as [KeyfobServer, KeyfobServer];
    const { client, grant } = await grantFor(one, 'smartcar');
    const first = await refreshSmartcar(one.url, client, grant.refreshToken);
    assert.equal(first.status, 200, first.text);
    const again = await refreshSmartcar(other.url, client, grant.refreshToken);
    assert.deepEqual([again.status, again.refreshToken], [200, first.refreshToken]);
    const second = await refreshSmartcar(other.url, client, first.refreshToken);
    assert.equal(second.status, 200, second.text);
    await one.command('grant', 'revoke', grant.grantId);
    for (const { url: at } of servers) {
      const refused = await refreshSmartcar(at, client, second.refreshToken);
      assert.deepEqual([refused.status, refusalOf(refused)], [400, 'invalid_grant']);
    }
    await one.command('grant', 'reinstate', grant.grantId);
    assert.equal((await refreshSmartcar(other.url, client, second.refreshToken)).status, 200);
  });

  test('The commands for clients, grants, keys and pruning work as on a file.', async () => {
    const made = JSON.parse(
      (await run('client', 'create', '--create-store', '--dialect', 'pleos', '--json')).stdout,
    ) as MadeClient;
    const words = [
      'grant',
      'create',
      '--client',
      made.clientId,
      '--subject',
      'owner-2',
      '--brand',
      'kia',
      '--json',
    ];
    const { grantId } = JSON.parse((await run(...words)).stdout) as MadeGrant;
    assert.match((await run('grant', 'show', grantId)).stdout, /active/);
    assert.match((await run('grant', 'list')).stdout, new RegExp(grantId));
    assert.equal((await run('keys', 'rotate')).code, 0);
    assert.equal((await run('grant', 'revoke', grantId)).code, 0);
    assert.match((await run('prune', '--older-than-days', '0')).stdout, /0|1/);
    assert.equal((await run('client', 'remove', made.clientId, '--with-grants')).code, 0);
  });

  test('The doctor checks the database; backup and restore refer to its own tools.', async () => {
    const { code, stdout } = await run('doctor');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /PostgreSQL \d+/);
    assert.match(stdout, /synchronous_commit = on/);
    await ask("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
    const latin = await runKeyfob(['doctor'], { ...environment, KEYFOB_STORE: url('latin') });
    assert.equal(latin.code, 1, latin.stdout);
    assert.match(latin.stdout, /the encoding of the database is LATIN1/);
    for (const words of [
      ['backup', join(directory, 'copy')],
      ['restore', join(directory, 'copy')],
    ])
      assert.equal(errorOf(await run(...words, '--json')).code, 'store_not_a_file');
  });

  test('An unreachable database is reported without its password.', async () => {
    const away = { ...environment, KEYFOB_STORE: `postgres://keyfob:${PASSWORD}@127.0.0.1:1/keyfob` };
    const ended = await runKeyfob(['serve', '--json'], away);
    said.push(ended.stdout, ended.stderr);
    assert.equal(errorOf(ended).code, 'store_unreachable');
    assert.match(errorOf(ended).message, /postgres:\/\/127\.0\.0\.1:1\/keyfob/);
  });
}
