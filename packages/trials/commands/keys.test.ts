import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import { DIALECTS, refreshAs } from '../support/refresh-request.ts';
import { untilLogged } from '../support/run-command.ts';
import { directoryFor, errorOf, grantFor, runOn, serverFor } from '../support/test-directory.ts';

type ShownGrant = { readonly keyNumber: number; readonly generation: number };
type ListedKeys = {
  readonly keys: readonly {
    readonly number: number;
    readonly purpose: string;
    readonly state: string;
    readonly grants: number;
    readonly inRing: boolean;
  }[];
};
type Rotated = { readonly keys: readonly { readonly number: number; readonly purpose: string }[] };

describe('Keys', () => {
  test('after a rotation beside a running server old tokens work, and refreshes move the grant to the new key', async (t) => {
    const server = await serverFor(t);
    for (const [index, dialect] of DIALECTS.entries()) {
      const { client, grant } = await grantFor(server, dialect);
      const first = await refreshAs[dialect](server.url, client, grant.refreshToken);
      const before = await server.command<ShownGrant>('grant', 'show', grant.grantId);
      const number = 1 + 4 * index;
      assert.deepEqual([before.keyNumber, before.generation], [number, 1]);
      const rotated = await server.command<Rotated>('keys', 'rotate');
      assert.deepEqual(
        rotated.keys.map((key) => [key.number, key.purpose]),
        ['seal', 'sign', 'session', 'webhook'].map((purpose, at) => [number + 4 + at, purpose]),
      );
      const stays = await server.command<ShownGrant>('grant', 'show', grant.grantId);
      assert.equal(stays.keyNumber, number, 'a rotation of the keys alone changes no grant');
      const second = await refreshAs[dialect](server.url, client, first.refreshToken);
      assert.equal(second.status, 200, second.text);
      const after = await server.command<ShownGrant>('grant', 'show', grant.grantId);
      assert.deepEqual([after.keyNumber, after.generation], [number + 4, 2]);
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

  test('"keys list" shows which key is active, and the key file gets one more line and stays private', async (t) => {
    const directory = directoryFor(t);
    await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'smartcar');
    const keyFile = join(directory, 'keyfob.key');
    const before = readFileSync(keyFile, 'utf8');
    const rotated = await runOn(directory, 'keys', 'rotate', '--purpose', 'seal');
    assert.deepEqual(
      [rotated.code, rotated.stdout],
      [0, 'key 5 is now the active key: seal\nback up the key file\n'],
    );
    const after = readFileSync(keyFile, 'utf8');
    assert.ok(after.startsWith(before), 'the old key stays as it was');
    assert.match(after.slice(before.length), /^5:seal:\d+:[A-Za-z0-9_-]{43}\n$/);
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    const listed = JSON.parse((await runOn(directory, 'keys', 'list', '--json')).stdout) as ListedKeys;
    assert.deepEqual(
      listed.keys.map(({ number, purpose, state, inRing }) => [number, purpose, state, inRing]),
      [
        [5, 'seal', 'active', true],
        [4, 'webhook', 'active', true],
        [3, 'session', 'active', true],
        [2, 'sign', 'active', true],
        [1, 'seal', 'opens-only', true],
      ],
    );
    const text = (await runOn(directory, 'keys', 'list')).stdout;
    assert.match(text, /^5 +seal +active +\S+ +- +[0-9a-f]{32}$/m);
    assert.match(text, /^1 +seal +opens-only +\S+ +- +[0-9a-f]{32}$/m);
  });

  test('"keys create" prints new keys each time, which a server accepts as KEYFOB_KEY and writes nowhere', async (t) => {
    const first = await runKeyfob(['keys', 'create']);
    const second = await runKeyfob(['keys', 'create', '--purpose', 'seal', '--number', '5', '--json']);
    assert.match(
      first.stdout,
      /^1:seal:\d+:\S{43}\n2:sign:\d+:\S{43}\n3:session:\d+:\S{43}\n4:webhook:\d+:\S{43}\n$/,
    );
    const [key = ''] = (JSON.parse(second.stdout) as { readonly keys: readonly string[] }).keys;
    assert.match(key, /^5:seal:\d+:[A-Za-z0-9_-]{43}$/);
    const server = await serverFor(t, { environment: { KEYFOB_KEY: `${first.stdout.trim()},${key}` } });
    const { client, grant } = await grantFor(server, 'smartcar');
    assert.equal((await refreshAs.smartcar(server.url, client, grant.refreshToken)).status, 200);
    assert.equal((await server.command<ShownGrant>('grant', 'show', grant.grantId)).keyNumber, 5);
    assert.ok(!existsSync(join(server.dataDirectory, 'keyfob.key')));
    const rotate = await runKeyfob(['keys', 'rotate', '--json', '--data', server.dataDirectory], {
      KEYFOB_KEY: `${first.stdout.trim()},${key}`,
    });
    assert.deepEqual([rotate.code, errorOf(rotate).code], [1, 'key_not_in_a_file']);
  });

  test('a compromised key: access tokens are refused at once, refresh tokens are replaced, and it can be retired then', async (t) => {
    const server = await serverFor(t);
    const { client, grant } = await grantFor(server, 'smartcar');
    const data = ['--data', server.dataDirectory];
    const refused = async (...words: readonly string[]) =>
      errorOf(await runKeyfob(['keys', ...words, '--json', ...data]));
    assert.equal((await refused('compromise', '1', '--yes')).code, 'key_active');
    assert.equal((await refused('retire', '99')).code, 'key_unknown');
    await server.command('keys', 'rotate', '--purpose', 'seal');
    const asked = await refused('compromise', '1');
    assert.deepEqual([asked.code, asked.message.startsWith('1 grant by key 1')], ['not_confirmed', true]);
    const inUse = await refused('retire', '1');
    assert.deepEqual([inUse.code, /is in use: 1 grant\./.test(inUse.message)], ['key_in_use', true]);
    const stateOf = async (number: number) =>
      (await server.command<ListedKeys>('keys', 'list')).keys.find((key) => key.number === number);
    assert.deepEqual([(await stateOf(1))?.state, (await stateOf(1))?.grants], ['opens-only', 1]);

    const vehiclesAs = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${server.url}/v2.0/vehicles`, { headers })).status;
    };
    const before = await vehiclesAs(grant.accessToken);
    await server.command('keys', 'compromise', '1', '--yes');
    assert.deepEqual([before, await vehiclesAs(grant.accessToken)], [200, 401]);
    await untilLogged(server, 'keys.compromised');
    const replaced = await refreshAs.smartcar(server.url, client, grant.refreshToken);
    assert.equal(replaced.status, 200, replaced.text);
    assert.equal(await vehiclesAs(replaced.accessToken), 200);
    assert.equal((await server.command<ShownGrant>('grant', 'show', grant.grantId)).keyNumber, 5);
    assert.deepEqual([(await stateOf(1))?.state, (await stateOf(1))?.grants], ['compromised', 0]);

    await server.command('keys', 'retire', '1');
    assert.equal((await refreshAs.smartcar(server.url, client, grant.refreshToken)).status, 400);
    await untilLogged(server, 'key_retired');
    assert.equal((await refreshAs.smartcar(server.url, client, replaced.refreshToken)).status, 200);
    assert.equal((await refused('compromise', '1', '--yes')).code, 'key_retired');

    // The line of a retired key may go, and its number is never used again.
    const keyFile = join(server.dataDirectory, 'keyfob.key');
    const lines = readFileSync(keyFile, 'utf8').split('\n');
    writeFileSync(keyFile, lines.filter((line) => !line.startsWith('1:')).join('\n'));
    assert.equal((await stateOf(1))?.inRing, false);
    assert.match(
      (await runKeyfob(['doctor', ...data])).stdout,
      /^ok +key states +0 older keys open only, 1 retired/m,
    );
  });

  test('a refresh token of a compromised key is refused after its window, and no grant is revoked', async (t) => {
    const server = await serverFor(t);
    const { client, grant } = await grantFor(server, 'pleos');
    await server.command('keys', 'rotate');
    await server.command('keys', 'compromise', '1', '--window-days', '0', '--yes');
    const answer = await refreshAs.pleos(server.url, client, grant.refreshToken);
    assert.notEqual(answer.status, 200);
    await untilLogged(server, 'key_compromised');
    await server.command('keys', 'compromise', '1', '--window-days', '1', '--yes');
    assert.equal((await refreshAs.pleos(server.url, client, grant.refreshToken)).status, 200);
  });

  test('a ring that a command prints serves, and cannot be rotated from here', async (t) => {
    const directory = directoryFor(t);
    const ring = join(directory, 'ring');
    writeFileSync(ring, (await runKeyfob(['keys', 'create'])).stdout, { mode: 0o600 });
    const environment = { KEYFOB_KEY_COMMAND: `cat '${ring}'` };
    const server = await serverFor(t, { environment });
    const { client, grant } = await grantFor(server, 'smartcar');
    assert.equal((await refreshAs.smartcar(server.url, client, grant.refreshToken)).status, 200);
    const rotate = await runKeyfob(['keys', 'rotate', '--json', '--data', server.dataDirectory], environment);
    assert.equal(errorOf(rotate).code, 'key_not_in_a_file');
  });
});
