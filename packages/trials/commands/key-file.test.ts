import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { tryToServe } from '../support/run-command.ts';
import { bytesOf, directoryFor, errorOf, grantFor, runOn, serverFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

type Finding = { readonly check: string; readonly verdict: string; readonly remedy: string | null };

const storeFor = async (scope: Scope): Promise<{ directory: string; keyFile: string }> => {
  const directory = directoryFor(scope);
  const { code, stderr } = await runOn(
    directory,
    'client',
    'create',
    '--create-store',
    '--dialect',
    'smartcar',
  );
  assert.equal(code, 0, stderr);
  return { directory, keyFile: join(directory, 'keyfob.key') };
};

/** Serve, a command and doctor all fail, name the key file, give a remedy and change nothing. */
const assertRefused = async (directory: string, keyFile: string, code: string): Promise<void> => {
  const before = bytesOf(directory);
  const messages: string[] = [];
  for (const open of [() => tryToServe(directory), () => runOn(directory, 'grant', 'list', '--json')]) {
    const ended = await open();
    assert.equal(ended.code, 1, ended.stderr);
    const error = errorOf(ended);
    assert.equal(error.code, code, error.message);
    assert.match(error.remedy ?? '', /backup/);
    assert.deepEqual(bytesOf(directory), before);
    messages.push(error.message);
  }
  const examined = await runOn(directory, 'doctor', '--json');
  assert.equal(examined.code, 1);
  const { findings } = JSON.parse(examined.stdout) as { readonly findings: readonly Finding[] };
  assert.ok(findings.some(({ check, verdict }) => check.startsWith('key') && verdict === 'fail'));
  for (const message of messages)
    assert.ok(message.includes(keyFile), `does not name ${keyFile}: ${message}`);
};

describe('The key file', () => {
  test('missing beside a store: refused, and no new one is created', async (t) => {
    const { directory, keyFile } = await storeFor(t);
    const aside = join(directoryFor(t), 'aside.key');
    renameSync(keyFile, aside);
    await assertRefused(directory, keyFile, 'key_missing');
    const named = await runOn(directory, 'client', 'list', '--key-file', aside);
    assert.equal(named.code, 0, named.stderr);
  });

  test('missing beside a store: doctor changes nothing and leaves nothing behind', async (t) => {
    const { directory, keyFile } = await storeFor(t);
    rmSync(keyFile);
    const before = bytesOf(directory);
    assert.equal((await runOn(directory, 'doctor')).code, 1);
    assert.deepEqual(bytesOf(directory), before);
  });

  test('of another store: refused', async (t) => {
    const { directory, keyFile } = await storeFor(t);
    writeFileSync(keyFile, (await runKeyfob(['keys', 'create'])).stdout);
    await assertRefused(directory, keyFile, 'key_wrong');
  });

  test('without the newest key of its store: refused', async (t) => {
    const { directory, keyFile } = await storeFor(t);
    const ring = (await runKeyfob(['keys', 'create', '--number', '7'])).stdout;
    writeFileSync(keyFile, ring);
    await assertRefused(directory, keyFile, 'key_wrong');
  });

  for (const [what, text] of [
    ['of garbage', 'correct horse battery staple\n'],
    ['that is empty', ''],
    ['cut short', `1:seal:1795315967:${'A'.repeat(20)}\n`],
    ['with a number twice', `1:seal:1:${'A'.repeat(43)}\n1:seal:2:${'B'.repeat(43)}\n`],
  ] as const) {
    test(`${what}: refused, and its content is not printed`, async (t) => {
      const { directory, keyFile } = await storeFor(t);
      writeFileSync(keyFile, text);
      const { stderr } = await tryToServe(directory);
      for (const word of ['horse', 'AAAAAAAA', 'BBBBBBBB']) assert.ok(!stderr.includes(word), stderr);
      await assertRefused(directory, keyFile, 'key_malformed');
    });
  }

  test('that is a directory: refused with its name, not as a bug', async (t) => {
    const { directory, keyFile } = await storeFor(t);
    rmSync(keyFile);
    mkdirSync(keyFile);
    const ended = await tryToServe(directory);
    assert.equal(ended.code, 1);
    const { code, message, remedy } = errorOf(ended);
    assert.match(code, /^(?:key|file)_/, message);
    assert.ok(message.includes(keyFile), message);
    assert.doesNotMatch(remedy ?? '', /bug/);
  });

  test('in a folder that does not exist: refused with its name, not as a bug', async (t) => {
    const directory = directoryFor(t);
    const keyFile = join(directory, 'no', 'such', 'ring');
    const ended = await tryToServe(join(directory, 'data'), ['--key-file', keyFile]);
    assert.equal(ended.code, 1);
    const { code, message, remedy } = errorOf(ended);
    assert.match(code, /^(?:key|file)_/, message);
    assert.ok(message.includes(keyFile), message);
    assert.doesNotMatch(remedy ?? '', /bug/);
  });

  test('or the store, readable by others: no server starts, and doctor says why', async (t) => {
    const { directory, keyFile } = await storeFor(t);
    for (const [path, check, refusal] of [
      [keyFile, 'key ring', 'key_open_to_others'],
      [join(directory, 'keyfob.db'), 'store mode', 'store_open_to_others'],
    ] as const) {
      chmodSync(path, 0o640);
      const ended = await tryToServe(directory);
      assert.equal(ended.code, 1);
      const { code, message, remedy } = errorOf(ended);
      assert.equal(code, refusal, message);
      assert.ok(message.includes(path) && remedy?.includes(`chmod 600 ${path}`), message);
      const examined = await runOn(directory, 'doctor', '--json');
      assert.equal(examined.code, 1, examined.stdout);
      const { findings } = JSON.parse(examined.stdout) as { readonly findings: readonly Finding[] };
      const failed = findings.filter(({ verdict }) => verdict === 'fail');
      assert.deepEqual(
        failed.map((finding) => [finding.check, finding.remedy]),
        [[check, `chmod 600 ${path}`]],
      );
      chmodSync(path, 0o600);
    }
    const again = await runOn(directory, 'doctor');
    assert.match(again.stdout, /^ok +key ring/m);
  });

  test('removed while a server runs: the server keeps its keys', async (t) => {
    const server = await serverFor(t);
    const { client, grant } = await grantFor(server, 'smartcar');
    rmSync(join(server.dataDirectory, 'keyfob.key'));
    const first = await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.equal(first.status, 200, first.text);
    assert.equal((await refreshSmartcar(server.url, client, first.refreshToken)).status, 200);
  });
});
