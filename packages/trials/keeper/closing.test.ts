import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openKeeper, sqliteStore } from '@keyfob/keeper';
import type { ClosingOrders } from './closing-process.ts';
import { KEYS, clientOfData } from './kept-world.ts';
import type { ClientData } from './kept-world.ts';

const PROCESS = fileURLToPath(new URL('closing-process.ts', import.meta.url));
const PAIR = JSON.stringify({ access_token: 'a-2', refresh_token: 'r-2', expires_in: 3600 });

type Closing = {
  readonly child: ChildProcess;
  /** The request that waits for its answer. */
  readonly response: ServerResponse;
  printed(): readonly string[];
  /** The token that the next process has for the car, and what that cost. */
  next(): Promise<{ readonly token: string; readonly requests: number }>;
};

/** A process whose refresh was sent, and which closes its keeper. */
const closingFor = async (
  scope: TestContext,
  orders: Pick<ClosingOrders, 'waitMs' | 'hasWork'>,
): Promise<Closing> => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-closing-'));
  let requests = 0;
  const waiting = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, response) => {
    requests += 1;
    waiting.resolve(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client: ClientData = {
    profile: 'oauth',
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientId: 'fleet',
    clientSecret: 'secret',
    repeats: { kind: 'once' },
    exchangeSeconds: 300,
  };
  const file = join(directory, 'keeper.db');
  const child = fork(PROCESS, [JSON.stringify({ file, client, ...orders } satisfies ClosingOrders)], {
    execArgv: ['--conditions=keyfob-source'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  scope.after(() => {
    child.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => (text += more));
  const response = await waiting.promise;
  child.send('close');
  return {
    child,
    response,
    printed: () => text.trim().split('\n'),
    async next() {
      const keeper = await openKeeper({
        store: sqliteStore(file),
        keys: KEYS,
        clients: { cars: clientOfData(client) },
        isScheduling: false,
      });
      const token = await keeper.token('car');
      await keeper.close();
      return { token, requests };
    },
  };
};

it('an exchange that nobody waits for keeps no process alive, and its caller has an answer', async (scope) => {
  const { child, printed } = await closingFor(scope, { waitMs: 0, hasWork: false });
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.deepEqual(printed(), ['unavailable']);
});

it('an answer that comes while closing waits for it is stored', async (scope) => {
  const { child, response, next } = await closingFor(scope, { waitMs: 300_000, hasWork: false });
  response.end(PAIR);
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.deepEqual(await next(), { token: 'a-2', requests: 1 });
});

it('an answer that comes later is spooled where the process goes on, and the next one stores it', async (scope) => {
  const { child, response, printed, next } = await closingFor(scope, { waitMs: 0, hasWork: true });
  assert.deepEqual(await once(child, 'message'), ['closed', undefined]);
  response.end(PAIR);
  while (!printed().includes('answer.spooled')) await once(child.stdout ?? child, 'data');
  child.send('end');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.deepEqual(await next(), { token: 'a-2', requests: 1 });
});
