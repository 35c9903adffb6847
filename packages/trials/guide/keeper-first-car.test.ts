import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { NO_NETWORK } from '../package/installed-package.ts';
import { directoryFor } from '../support/test-directory.ts';
import { paste, readBlocks } from './guide.ts';

const PAGE = 'keeper/first-car.md';

const findFreePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
};

test('The five minutes of the page: packed packages in an empty folder, a kept car, a lost answer', async (t) => {
  const port = await findFreePort();
  const withPort = (code: string): string => code.replaceAll('127.0.0.1:8788', `127.0.0.1:${port}`);
  const blocks = readBlocks(PAGE, 'sh').map(withPort);
  const [pack = '', install = '', start = '', fetchPair = '', keep = '', lose = '', look = ''] = blocks;
  const [keepProgram = '', refreshProgram = ''] = readBlocks(PAGE, 'js').map(withPort);

  const home = directoryFor(t);
  const folder = join(home, 'fleet');
  mkdirSync(folder);
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const environment = {
    ...inherited,
    HOME: home,
    npm_config_cache: process.env['npm_config_cache'] ?? join(process.env['HOME'] ?? home, '.npm'),
    npm_config_prefer_offline: 'true',
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
    NODE_OPTIONS: '',
    NO_COLOR: '1',
  };
  const run = (lines: string, where = folder): Promise<string> =>
    paste(lines.replaceAll('curl ', 'curl --silent --show-error '), environment, where);

  // The clone of this test is installed already.
  assert.match(pack, /^npm ci\n/);
  await paste(pack.replace('npm ci\n', ''), environment);
  try {
    await run(install);
  } catch (error) {
    if (!NO_NETWORK.test(String(error))) throw error;
    return t.skip('the npm registry cannot be reached from this machine');
  }

  const sandbox = spawn('sh', ['-euc', `exec ${start.trim()} --port ${port}`], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  t.after(() => {
    if (sandbox.pid !== undefined) process.kill(-sandbox.pid, 'SIGKILL');
  });
  for await (const line of createInterface({ input: sandbox.stdout })) if (line.includes(String(port))) break;

  writeFileSync(join(folder, 'keep.js'), keepProgram);
  writeFileSync(join(folder, 'refresh.js'), refreshProgram);
  const mark = 'echo "--- next"\n';
  const printed = await run([fetchPair, keep, lose, look].join(mark));
  const [, kept = '', refreshed = '', shown = ''] = printed.split('--- next\n');
  assert.match(kept, /^200 .*"vehicles":\["[0-9a-f-]{36}"\]/);
  assert.match(refreshed, /^ok after ambiguous, usable$/m);
  assert.match(shown, /vin:KMHM341VF1A000001 +.*active/);
});
