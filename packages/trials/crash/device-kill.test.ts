import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlainBrowser } from '../connect/plain-browser.ts';
import { makeDataDirectory, removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
/** The vehicle of demo owner 1. */
const VEHICLE = { 'vehicle_9e2c0502-36cd-5f62-a987-a4b4dde6d189': 'yes' };

type DemoClient = { readonly dialect: string; readonly clientId: string; readonly clientSecret: string };
type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

const post = async (
  { url, listening }: KeyfobServer,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<Answer> => {
  const demo = listening['demo'] as readonly DemoClient[];
  const { clientId, clientSecret } = demo.find(({ dialect }) => dialect === 'oauth') ?? assert.fail();
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
};

test('a server that is killed before the approval, after it and after the tokens costs the device nothing', async () => {
  const dataDirectory = makeDataDirectory();
  const start = () => startKeyfob({ args: ['--demo'], dataDirectory });
  let server = await start();
  const killAndRestart = async (): Promise<void> => {
    await server.kill();
    server = await start();
  };
  try {
    const asked = await post(server, '/oauth/device_authorization', { scope: 'read_odometer' });
    assert.equal(asked.status, 200);
    const form = { grant_type: GRANT_TYPE, device_code: String(asked.body['device_code']) };
    await killAndRestart();
    assert.equal((await post(server, '/token', form)).body['error'], 'authorization_pending');

    const browser = createPlainBrowser();
    const page = await browser.open(`${server.url}/device?user_code=${String(asked.body['user_code'])}`);
    const signedIn = await browser.press(page, '1');
    const done = await browser.press(await browser.open(signedIn.location), 'agree', VEHICLE);
    assert.match(done.body, /is connected/);
    await killAndRestart();
    const first = await post(server, '/token', form);
    assert.equal(first.status, 200, JSON.stringify(first.body));

    await killAndRestart();
    const again = await post(server, '/token', form);
    assert.equal(again.body['refresh_token'], first.body['refresh_token']);
    const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
    assert.equal((await post(server, '/token', refresh)).status, 200);
  } finally {
    await server.kill();
    removeDataDirectory(dataDirectory);
  }
});
