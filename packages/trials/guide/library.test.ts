import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { runCommand } from '../support/run-command.ts';
import { directoryFor } from '../support/test-directory.ts';
import { PROJECT, readBlocks } from './guide.ts';

const [express = '', hono = '', fastify = '', clients = '', , issuers = ''] = readBlocks('library.md', 'js');
const NODE_OPTIONS = ['--conditions=keyfob-source', 'app.mjs'];

/** A folder with this program and the packages that the page names. */
const folderWith = (t: TestContext, program: string): string => {
  const folder = directoryFor(t);
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'app.mjs'), program);
  return folder;
};

const findFreePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const waitForResponse = async (url: string, isRunning: () => boolean): Promise<Response> => {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) return response;
    assert.ok(isRunning(), 'the program has exited');
  }
};

describe('The guide to the library', () => {
  for (const [name, program] of Object.entries({ express, hono, fastify })) {
    test(`mounts a server in ${name}: owners and clients reach it, and the application keeps its own routes`, async (t) => {
      const port = await findFreePort();
      const folder = folderWith(t, program.replaceAll('3000', String(port)));
      const app = spawn(process.execPath, NODE_OPTIONS, {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      t.after(() => app.kill('SIGKILL'));
      const ended = once(app, 'exit');
      const home = `http://127.0.0.1:${port}`;
      const rest = await waitForResponse(home, () => app.exitCode === null);
      assert.equal(await rest.text(), 'The rest of your application');

      const data = join(folder, 'data');
      const run = async <Made>(...words: readonly string[]): Promise<Made> => {
        const { code, stdout, stderr } = await runKeyfob([...words, '--data', data, '--json']);
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout) as Made;
      };
      const client = await run<MadeClient>('client', 'create', '--dialect', 'smartcar');
      const words = ['--client', client.clientId, '--subject', 'owner-1'];
      const { refreshToken } = await run<MadeGrant>('grant', 'create', ...words);
      const refreshed = await refreshSmartcar(`${home}/auth`, client, refreshToken);
      assert.equal(refreshed.status, 200, refreshed.text);

      const metadata = await fetch(`${home}/auth/.well-known/oauth-authorization-server`);
      assert.partialDeepStrictEqual(await metadata.json(), { issuer: `${home}/auth` });
      if (name !== 'fastify') {
        const inserted = await fetch(`${home}/.well-known/oauth-authorization-server/auth`);
        assert.partialDeepStrictEqual(await inserted.json(), { issuer: `${home}/auth` });
      }
      const page = await fetch(`${home}/auth/connect`);
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(await page.text(), /"\/auth\//);

      app.kill('SIGTERM');
      await ended;
    });
  }

  test('registers a client, creates a grant and refreshes without a socket', async (t) => {
    const { code, stdout, stderr } = await runCommand(process.execPath, NODE_OPTIONS, {
      cwd: folderWith(t, clients),
    });
    assert.equal(code, 0, stderr);
    assert.partialDeepStrictEqual(JSON.parse(stdout), { status: 200, token_type: 'Bearer' });
  });

  test('opens two issuers in one process', async (t) => {
    const { code, stdout, stderr } = await runCommand(process.execPath, NODE_OPTIONS, {
      cwd: folderWith(t, issuers),
    });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'https://sandbox.example/one\nhttps://sandbox.example/other\n');
  });
});
