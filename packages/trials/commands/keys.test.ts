import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import { DIALECTS, refreshAs } from '../support/refresh-request.ts';
import { untilLogged } from '../support/run-command.ts';
import { directoryFor, errorOf, grantFor, runOn, serverFor } from '../support/test-directory.ts';

type ShownGrant = { readonly keyNumber: number; readonly generation: number };
type ListedKeys = { readonly keys: readonly { readonly number: number; readonly sealing: boolean }[] };

describe('Keys', () => {
  test('after a rotation beside a running server old tokens work, and refreshes move the grant to the new key', async (t) => {
    const server = await serverFor(t);
    for (const [index, dialect] of DIALECTS.entries()) {
      const { client, grant } = await grantFor(server, dialect);
      const first = await refreshAs[dialect](server.url, client, grant.refreshToken);
      const before = await server.command<ShownGrant>('grant', 'show', grant.grantId);
      assert.deepEqual([before.keyNumber, before.generation], [index + 1, 1]);
      const rotated = await server.command<{ readonly number: number }>('keys', 'rotate');
      assert.equal(rotated.number, index + 2);
      const stays = await server.command<ShownGrant>('grant', 'show', grant.grantId);
      assert.equal(stays.keyNumber, index + 1, 'a rotation of the keys alone changes no grant');
      const second = await refreshAs[dialect](server.url, client, first.refreshToken);
      assert.equal(second.status, 200, second.text);
      const after = await server.command<ShownGrant>('grant', 'show', grant.grantId);
      assert.deepEqual([after.keyNumber, after.generation], [index + 2, 2]);
      assert.equal((await refreshAs[dialect](server.url, client, second.refreshToken)).status, 200);
    }
    await untilLogged(server, 'keys.reloaded');
  });

  test('a repeat after a key rotation is still the same string', async (t) => {
    const server = await serverFor(t);
    const { client, grant } = await grantFor(server, 'smartcar');
    const first = await refreshAs.smartcar(server.url, client, grant.refreshToken);
    await server.command('keys', 'rotate');
    const repeated = await refreshAs.smartcar(server.url, client, grant.refreshToken);
    assert.deepEqual([repeated.status, repeated.refreshToken], [200, first.refreshToken]);
  });

  test('a grant created after a rotation works at once on a server that has not seen the key', async (t) => {
    const server = await serverFor(t);
    await grantFor(server, 'pleos');
    await server.command('keys', 'rotate');
    const { client, grant } = await grantFor(server, 'pleos');
    const answer = await refreshAs.pleos(server.url, client, grant.refreshToken);
    assert.equal(answer.status, 200, answer.text);
  });

  test('"keys list" shows which key seals, and the key file gets one more line and stays private', async (t) => {
    const directory = directoryFor(t);
    await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'smartcar');
    const keyFile = join(directory, 'keyfob.key');
    const before = readFileSync(keyFile, 'utf8');
    const rotated = await runOn(directory, 'keys', 'rotate');
    assert.deepEqual([rotated.code, rotated.stdout], [0, 'key 2 now seals; back up the key file\n']);
    const after = readFileSync(keyFile, 'utf8');
    assert.ok(after.startsWith(before), 'the old key stays as it was');
    assert.match(after.slice(before.length), /^2:\d+:[A-Za-z0-9_-]{43}\n$/);
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    const listed = JSON.parse((await runOn(directory, 'keys', 'list', '--json')).stdout) as ListedKeys;
    assert.deepEqual(
      listed.keys.map(({ number, sealing }) => [number, sealing]),
      [
        [2, true],
        [1, false],
      ],
    );
    const text = (await runOn(directory, 'keys', 'list')).stdout;
    assert.match(text, /^2 +\S+ +seals and opens +[0-9a-f]{32}$/m);
    assert.match(text, /^1 +\S+ +opens +[0-9a-f]{32}$/m);
  });

  test('"keys create" prints a new key each time, which a server accepts as KEYFOB_KEY and writes nowhere', async (t) => {
    const first = await runKeyfob(['keys', 'create']);
    const second = await runKeyfob(['keys', 'create', '--number', '2', '--json']);
    assert.match(first.stdout, /^1:\d+:[A-Za-z0-9_-]{43}\n$/);
    const { key } = JSON.parse(second.stdout) as { readonly key: string };
    assert.match(key, /^2:\d+:[A-Za-z0-9_-]{43}$/);
    const server = await serverFor(t, { environment: { KEYFOB_KEY: `${first.stdout.trim()},${key}` } });
    const { client, grant } = await grantFor(server, 'smartcar');
    assert.equal((await refreshAs.smartcar(server.url, client, grant.refreshToken)).status, 200);
    assert.equal((await server.command<ShownGrant>('grant', 'show', grant.grantId)).keyNumber, 2);
    assert.ok(!existsSync(join(server.dataDirectory, 'keyfob.key')));
    const rotate = await runKeyfob(['keys', 'rotate', '--json', '--data', server.dataDirectory], {
      KEYFOB_KEY: `${first.stdout.trim()},${key}`,
    });
    assert.deepEqual([rotate.code, errorOf(rotate).code], [1, 'key_not_in_a_file']);
  });
});
