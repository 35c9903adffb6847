import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { createPlainBrowser } from '../connect/plain-browser.ts';
import { KEYFOB_BIN, runKeyfob } from '../support/keyfob-process.ts';
import { serverFor } from '../support/test-directory.ts';

type DemoClient = { readonly dialect: string; readonly clientId: string };
/** The vehicle of demo owner 1. */
const VEHICLE = { 'vehicle_9e2c0502-36cd-5f62-a987-a4b4dde6d189': 'yes' };

test('keyfob device-demo shows a code, and ends well once the owner agrees', async (t) => {
  const server = await serverFor(t, { args: ['--demo'] });
  const demo = server.listening['demo'] as readonly DemoClient[];
  const { clientId } = demo.find(({ dialect }) => dialect === 'oauth') ?? assert.fail();
  const secretFile = join(server.dataDirectory, 'demo', 'oauth.secret');
  const args = ['device-demo', '--url', server.url, '--client', clientId, '--secret-file', secretFile];
  const child = spawn(process.execPath, [KEYFOB_BIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill());
  let shown = '';
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8');
  for await (const text of child.stderr) {
    shown += String(text);
    if (shown.includes('Waiting')) break;
  }
  const [code = ''] = /[A-Z]{4}-[A-Z]{4}/.exec(shown) ?? [];
  assert.match(shown, /█▀▀|█ ▄▄▄▄▄ █/);
  const ended = once(child, 'close');
  const browser = createPlainBrowser();
  const signedIn = await browser.press(await browser.open(`${server.url}/device?user_code=${code}`), '1');
  const done = await browser.press(await browser.open(signedIn.location), 'agree', VEHICLE);
  assert.match(done.body, /is connected/);
  const [exitCode] = (await ended) as [number];
  assert.equal(exitCode, 0, shown);
  const report = JSON.parse(printed) as Readonly<Record<string, unknown>>;
  assert.deepEqual(report, {
    scope: 'read_vehicle_info read_odometer',
    expiresInSeconds: 3600,
    hasRefreshToken: true,
  });
});

test('keyfob device-demo says what to do about a client that may not, and a server that is not there', async (t) => {
  const server = await serverFor(t, { args: ['--demo'] });
  const demo = server.listening['demo'] as readonly DemoClient[];
  const { clientId } = demo.find(({ dialect }) => dialect === 'pleos') ?? assert.fail();
  const secretFile = join(server.dataDirectory, 'demo', 'pleos.secret');
  const common = ['device-demo', '--client', clientId, '--secret-file', secretFile];
  const refused = await runKeyfob([...common, '--url', server.url]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /unauthorized_client/);
  assert.match(refused.stderr, /--device-flow true/);
  const nothing = await runKeyfob([...common, '--url', 'http://127.0.0.1:9']);
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /keyfob serve --demo/);
});
