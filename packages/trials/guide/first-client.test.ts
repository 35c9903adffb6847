import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openBrowser, SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { serverFor } from '../support/test-directory.ts';
import { paste, PROJECT, readBlocks } from './guide.ts';

const PAGE = 'first-client.md';

const findFreePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
};

/** An empty folder in which `npm install smartcar` has been run. */
const folderWithSdk = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-guide-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
};

const readField = (output: string, name: string): string =>
  new RegExp(`^${name} +(?<value>\\S+)`, 'm').exec(output)?.groups?.['value'] ?? '';

test(
  'The guide works: npm start, client, app, consent in the browser, code exchange, refresh and vehicle list.',
  { skip: SKIPPED_WITHOUT_CHROMIUM },
  async (t) => {
    const server = await serverFor(t, { args: ['--demo'] });
    const port = await findFreePort();
    const withPorts = (code: string): string =>
      code.replaceAll('http://127.0.0.1:8787', server.url).replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`);
    const [start = '', create = '', run = '', show = ''] = readBlocks(PAGE, 'sh').map(withPorts);
    assert.match(start, /^npm ci\nnpm start\n$/);

    const environment = { KEYFOB_DATA: server.dataDirectory };
    const made = await paste(create, environment);

    const [app = ''] = readBlocks(PAGE, 'js');
    assert.ok(app.trimEnd().split('\n').length <= 25, 'about twenty lines');
    const folder = folderWithSdk(t);
    writeFileSync(join(folder, 'app.mjs'), app);
    const command = run
      .replace('SMARTCAR_CLIENT_ID=...', `SMARTCAR_CLIENT_ID=${readField(made, 'client id')}`)
      .replace('SMARTCAR_CLIENT_SECRET=...', `SMARTCAR_CLIENT_SECRET=${readField(made, 'client secret')}`)
      .replace('node app.mjs', 'exec node app.mjs');
    const child = spawn('sh', ['-euc', command], {
      cwd: folder,
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));

    const browser = await openBrowser();
    t.after(() => browser.close());
    const page = await browser.newPage();
    const home = `http://127.0.0.1:${port}/`;
    for (;;) {
      const answer = await page.goto(home).catch(() => undefined);
      if (answer !== undefined) break;
      assert.equal(child.exitCode, null, 'the app exited');
    }
    await page.getByRole('button', { name: 'Demo owner 2' }).click();
    await page.getByLabel('EV6').check();
    await page.getByRole('button', { name: 'Agree' }).click();
    await page.waitForURL((url) => url.pathname === '/callback');
    const shown = JSON.parse(await page.locator('body').innerText()) as {
      vehicles: string[];
      isRefreshed: boolean;
    };
    assert.equal(shown.vehicles.length, 1);
    assert.equal(shown.isRefreshed, true);

    const reloaded = await page.reload();
    assert.equal(reloaded?.status(), 502);
    assert.match(await page.locator('body').innerText(), /Invalid or expired code[^]*Start again at http/);

    const seen = await paste(show, environment);
    assert.doesNotMatch(seen, /revoked/);
    assert.match(seen, /simulated:owner-2/);
    assert.match(seen, /grant\.created/);
  },
);
