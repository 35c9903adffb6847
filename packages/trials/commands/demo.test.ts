import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { DIALECTS } from '../support/refresh-request.ts';
import type { DialectName } from '../support/dialect-name.ts';
import { runCommand } from '../support/run-command.ts';
import { directoryFor, serverFor } from '../support/test-directory.ts';

type DemoClient = {
  readonly dialect: DialectName;
  readonly clientId: string;
  readonly grantId: string;
  readonly curl: string;
  readonly authorizeUrl: string;
};

const demoOf = (server: KeyfobServer, dialect: DialectName): DemoClient =>
  (server.listening['demo'] as readonly DemoClient[]).find((one) => one.dialect === dialect) ??
  assert.fail(`no demo client of ${dialect}`);

/** Runs the command in a shell; answers its status and the new refresh token. */
const paste = async (curl: string): Promise<readonly [number, string]> => {
  const { code, stdout, stderr } = await runCommand('bash', ['-c', `${curl} -w '%{http_code}'`]);
  assert.equal(code, 0, stderr);
  const [, answer = '', status] = /^(?<answer>[^]*?)\n?(?<status>\d{3})$/.exec(stdout) ?? [];
  const token = /"refresh_?[tT]oken":"(?<token>[^"]+)"/.exec(answer)?.groups?.['token'] ?? '';
  return [Number(status), token];
};

const hasCurl = (await runCommand('curl', ['--version'])).code === 0;
const options = hasCurl ? {} : { skip: 'there is no curl on this machine' };

describe('The demo', options, () => {
  for (const dialect of DIALECTS) {
    test(`the printed ${dialect} command refreshes every time it is run, also after a restart`, async (t) => {
      const dataDirectory = directoryFor(t);
      const first = await serverFor(t, { dataDirectory, args: ['--demo'] });
      const before = demoOf(first, dialect);
      const seen = new Set<string>();
      for (let pasted = 1; pasted <= 4; pasted++) {
        const [status, token] = await paste(before.curl);
        assert.equal(status, 200);
        seen.add(token);
        assert.equal(seen.size, pasted, 'a token came twice');
      }
      assert.equal(await first.stop(), 0);

      const second = await serverFor(t, { dataDirectory, args: ['--demo'] });
      const after = demoOf(second, dialect);
      assert.deepEqual([after.clientId, after.grantId], [before.clientId, before.grantId]);
      // The port is another one, and the link leads back to it.
      assert.equal((await fetch(after.authorizeUrl)).status, 200);
      for (let pasted = 1; pasted <= 2; pasted++) {
        const [status, token] = await paste(after.curl);
        assert.equal(status, 200);
        assert.ok(!seen.has(token), 'a token of before the restart came again');
        seen.add(token);
      }
    });

    test(`a revoked ${dialect} demo grant is replaced at the next start, for the same client`, async (t) => {
      const dataDirectory = directoryFor(t);
      const first = await serverFor(t, { dataDirectory, args: ['--demo'] });
      const before = demoOf(first, dialect);
      await first.command('grant', 'revoke', before.grantId);
      const [refused] = await paste(before.curl);
      assert.equal(refused, 400);
      await first.stop();
      const second = await serverFor(t, { dataDirectory, args: ['--demo'] });
      const after = demoOf(second, dialect);
      assert.equal(after.clientId, before.clientId);
      assert.notEqual(after.grantId, before.grantId);
      const [status] = await paste(after.curl);
      assert.equal(status, 200);
    });
  }

  test('the commands work for a data directory with a space and a quote in its name', async (t) => {
    const dataDirectory = join(directoryFor(t), `owner's data`);
    const server = await serverFor(t, { dataDirectory, args: ['--demo'] });
    for (const dialect of DIALECTS) {
      const [status] = await paste(demoOf(server, dialect).curl);
      assert.equal(status, 200, dialect);
    }
  });

  test('a removed demo client is created again at the next start', async (t) => {
    const dataDirectory = directoryFor(t);
    const first = await serverFor(t, { dataDirectory, args: ['--demo'] });
    const before = demoOf(first, 'smartcar');
    await first.command('client', 'remove', before.clientId, '--with-grants');
    await first.stop();
    const second = await serverFor(t, { dataDirectory, args: ['--demo'] });
    const after = demoOf(second, 'smartcar');
    assert.notEqual(after.clientId, before.clientId);
    assert.equal((await paste(after.curl))[0], 200);
  });
});

test('the demo folder is private, and each token file holds the newest token', async (t) => {
  const server = await serverFor(t, { args: ['--demo'] });
  const folder = join(server.dataDirectory, 'demo');
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const name of ['clients.json', 'smartcar.token', 'pleos.token'])
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  assert.match(readFileSync(join(folder, 'smartcar.token'), 'utf8'), /^[0-9a-f-]{36}\n$/);
  assert.match(readFileSync(join(folder, 'pleos.token'), 'utf8'), /^[0-9A-Z]{36}\n$/);
});
