import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { grantFor, directoryFor, serverFor } from '../support/test-directory.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { runKeyfobAfter } from '../support/run-command.ts';

const modesOf = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['.', ...readdirSync(directory)].map((name) => [
      name,
      (statSync(join(directory, name)).mode & 0o777).toString(8),
    ]),
  );

describe('Every file that Keyfob creates is private, whatever the umask', () => {
  for (const umask of ['000', '022', '077']) {
    test(`umask ${umask}: the data directory, the store and the key, created by a command`, async (t) => {
      const directory = join(directoryFor(t), 'data');
      const args = ['client', 'create', '--create-store', '--dialect', 'smartcar', '--data', directory];
      const { code, stderr } = await runKeyfobAfter(`umask ${umask}`, args);
      assert.equal(code, 0, stderr);
      assert.deepEqual(modesOf(directory), { '.': '700', 'keyfob.db': '600', 'keyfob.key': '600' });
    });
  }

  test('the write-ahead log and its index of a running server, under umask 000', async (t) => {
    const directory = join(directoryFor(t), 'deep', 'data');
    const before = process.umask(0o000);
    const server = await serverFor(t, { dataDirectory: directory }).finally(() => process.umask(before));
    const { client, grant } = await grantFor(server, 'smartcar');
    assert.equal((await refreshSmartcar(server.url, client, grant.refreshToken)).status, 200);
    assert.deepEqual(modesOf(directory), {
      '.': '700',
      [`events-${server.child.pid}.sock`]: '600',
      'keyfob.db': '600',
      'keyfob.db-shm': '600',
      'keyfob.db-wal': '600',
      'keyfob.key': '600',
    });
    await server.command('keys', 'rotate');
    assert.equal(modesOf(directory)['keyfob.key'], '600');
    assert.ok(!('keyfob.key.lock' in modesOf(directory)));
  });

  test('a key file outside the data directory', async (t) => {
    const directory = directoryFor(t);
    const keyFile = join(directory, 'ring');
    const data = join(directory, 'data');
    const args = [
      'client',
      'create',
      '--create-store',
      '--dialect',
      'pleos',
      '--data',
      data,
      '--key-file',
      keyFile,
    ];
    const { code, stderr } = await runKeyfobAfter('umask 000', args);
    assert.equal(code, 0, stderr);
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.deepEqual(Object.keys(modesOf(data)), ['.', 'keyfob.db']);
  });
});
