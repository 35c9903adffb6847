import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { KEYFOB_BIN } from '../support/keyfob-process.ts';
import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { runCommand } from '../support/run-command.ts';
import { directoryFor } from '../support/test-directory.ts';

const WORKSPACE = join(dirname(KEYFOB_BIN), '..', '..', '..');
const NO_NETWORK = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|E403|E407/;

test('packed and installed in an empty folder, the command runs and refreshes', async (t) => {
  const directory = directoryFor(t);
  const packing = ['pack', '-w', 'packages/server', '--pack-destination', directory];
  const packed = await runCommand('npm', packing, { cwd: WORKSPACE });
  assert.equal(packed.code, 0, `${packed.stdout}\n${packed.stderr}`);
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? assert.fail('no tarball');
  const listed = await runCommand('tar', ['-tzf', join(directory, tarball)]);
  assert.match(listed.stdout, /^package\/dist\/.*\/migrations\/\d{4}-.*\.sql$/m);
  assert.match(listed.stdout, /^package\/LICENSE$/m);
  assert.doesNotMatch(listed.stdout, /\.test\.|package\/src\//);

  const home = join(directory, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{"private":true}');
  const installing = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(directory, tarball)];
  const installed = await runCommand('npm', installing, { cwd: home });
  if (installed.code !== 0 && NO_NETWORK.test(installed.stderr)) {
    t.skip('the registry of npm cannot be reached from here');
    return;
  }
  assert.equal(installed.code, 0, installed.stderr);

  const bin = join(home, 'node_modules', '.bin', 'keyfob');
  const keyfob = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand(bin, args, { cwd: home });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(await keyfob('--version'), /^\d+\.\d+\.\d+\n$/);
  const server = spawn(bin, ['serve', '--port', '0', '--json'], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => server.kill('SIGKILL'));
  const exited = once(server, 'exit');
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const [line] = (await Promise.race([
    once(createInterface({ input: server.stdout }), 'line'),
    exited.then(() => Promise.reject(new Error(log))),
  ])) as [string];
  const { url } = JSON.parse(line) as { readonly url: string };
  const client = JSON.parse(
    await keyfob('client', 'create', '--dialect', 'smartcar', '--json'),
  ) as MadeClient;
  const grant = JSON.parse(
    await keyfob('grant', 'create', '--client', client.clientId, '--subject', 'owner-1', '--json'),
  ) as MadeGrant;
  const answer = await refreshSmartcar(url, client, grant.refreshToken);
  assert.equal(answer.status, 200, answer.text);
  server.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});
