import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StoreError, openKeeper, sqliteStore } from '@keyfob/keeper';
import type { KeeperOptions } from '@keyfob/keeper';
import { connectRoutes } from '@keyfob/keeper/connect';
import type { ConnectRoutes } from '@keyfob/keeper/connect';
import { armFault } from '@keyfob/sandbox';
import { directoryFor } from '../../support/test-directory.ts';
import type { Scope } from '../../support/test-directory.ts';
import { FAST, KEYS } from '../kept-world.ts';
import { createBrowser } from './browser.ts';
import { connectWorldFor } from './connect-world.ts';
import type { ConnectWorld } from './connect-world.ts';

const SITE = 'http://localhost:4711';
const CALLBACK = `${SITE}/callback`;

type Nodes = ConnectWorld & {
  readonly file: string;
  /** What each of two nodes answers to the callback, in the browser that began. */
  readonly ask: readonly (() => Promise<Response>)[];
  /** The URL by which the owner comes back, and the cookie of their browser. */
  readonly back: string;
  readonly cookie: string;
  readonly connected: string[];
  readonly exchanges: () => number;
};

/** Two keepers on one store, and an owner who has consented. */
const nodesFor = async (scope: Scope, options: Partial<KeeperOptions> = {}): Promise<Nodes> => {
  const file = join(directoryFor(scope), 'keeper.db');
  const store = sqliteStore(file);
  const first = await connectWorldFor(scope, { store, isScheduling: false, ...options });
  const { clients } = first;
  const second = await openKeeper({ store, keys: KEYS, clients, timing: FAST, isScheduling: false });
  scope.after(() => second.close({ waitMs: 3000 }));
  const connected: string[] = [];
  const [one, other] = [first.keeper, second].map((keeper) =>
    connectRoutes(keeper, {
      client: 'smartcar',
      redirectUri: CALLBACK,
      nameOf: () => 'car-1',
      scope: ['read_vehicle_info', 'read_odometer'],
      onConnected: (name) => void connected.push(name),
    }),
  ) as [ConnectRoutes, ConnectRoutes];
  const browser = createBrowser(SITE, (wish) => one.start(wish, wish));
  const begun = await browser.open(`${SITE}/start`);
  const consented = await browser.open(begun.headers.get('location') ?? '');
  const back = consented.headers.get('location') ?? '';
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const ask = [one, other].map((routes) => () => routes.callback(new Request(back, { headers: { cookie } })));
  const exchanges = (): number =>
    first.world.journal.read({ endpoint: 'token', stage: 'ended' }).requests.length;
  return { ...first, file, ask, back, cookie, connected, exchanges };
};

const statuses = (responses: readonly Response[]): readonly number[] => responses.map(({ status }) => status);

/** A node in another process, killed when it has got the callback and come so far. */
const killedNode = async (
  scope: Scope,
  { world, file, back, cookie }: Nodes,
  stopAt: string,
): Promise<void> => {
  const { clientId, clientSecret } = world.clients.find('smartcar') ?? {};
  const start = { file, origin: world.url, clientId, clientSecret, redirectUri: CALLBACK, stopAt };
  const program = fileURLToPath(new URL('connect-node.ts', import.meta.url));
  const node = spawn(process.execPath, ['--conditions=keyfob-source', program, JSON.stringify(start)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  scope.after(() => node.kill('SIGKILL'));
  const lines = createInterface({ input: node.stdout })[Symbol.asyncIterator]();
  const { port } = JSON.parse(String((await lines.next()).value)) as { port: number };
  const asked = request({
    port,
    host: '127.0.0.1',
    path: new URL(back).pathname + new URL(back).search,
    headers: { cookie },
  });
  asked.on('error', () => undefined).end();
  assert.equal((await lines.next()).value, 'stopped');
  node.kill('SIGKILL');
  await once(node, 'exit');
};

describe('two nodes that get the same callback', () => {
  it('at once send its code once, and both take the owner on', async (scope) => {
    const nodes = await nodesFor(scope);
    const answers = await Promise.all([...nodes.ask, ...nodes.ask].map((ask) => ask()));
    assert.deepEqual(statuses(answers), [303, 303, 303, 303]);
    assert.equal(nodes.exchanges(), 1);
    assert.deepEqual(nodes.connected, ['car-1', 'car-1', 'car-1', 'car-1']);
  });

  it('show the same refusal', async (scope) => {
    const nodes = await nodesFor(scope);
    armFault(nodes.world, { do: { status: 400, body: '{"error":"invalid_grant"}' } });
    for (const ask of nodes.ask) assert.equal((await ask()).status, 502);
    assert.equal(nodes.exchanges(), 1);
  });

  it('whose answer was lost, send no second code, and offer another consent', async (scope) => {
    const nodes = await nodesFor(scope);
    armFault(nodes.world, { do: { loseAnswer: 'afterCommit' } });
    for (const ask of [...nodes.ask, ...nodes.ask]) {
      const answer = await ask();
      assert.equal(answer.status, 504);
      assert.match(await answer.text(), /did not answer in time[^]*href="start"/);
    }
    assert.equal(nodes.exchanges(), 1);
  });

  it('of which one was refused for the moment: the other one sends', async (scope) => {
    const nodes = await nodesFor(scope);
    armFault(nodes.world, { do: { status: 503 } });
    const answers = [];
    for (const ask of nodes.ask) answers.push(await ask());
    assert.deepEqual(statuses(answers), [503, 303]);
    assert.equal(nodes.exchanges(), 2);
  });

  it('of which one was killed before it sent: the other one sends when its time is over', async (scope) => {
    const nodes = await nodesFor(scope);
    await killedNode(scope, nodes, 'before_send');
    assert.equal((await nodes.ask[1]?.())?.status, 303);
    assert.equal(nodes.exchanges(), 1);
  });

  it('of which one was killed when it may have sent: the other one never sends', async (scope) => {
    const nodes = await nodesFor(scope);
    await killedNode(scope, nodes, 'after_send');
    assert.equal((await nodes.ask[1]?.())?.status, 504);
    assert.equal(nodes.exchanges(), 0);
  });

  it('a store that is away means that nothing is sent', async (scope) => {
    const nodes = await nodesFor(scope, {
      store: async (clock) => ({
        ...(await sqliteStore(join(directoryFor(scope), 'other.db'))(clock)),
        async claimConsent() {
          throw new StoreError('unavailable', 'away');
        },
      }),
    });
    assert.equal((await nodes.ask[0]?.())?.status, 503);
    assert.equal(nodes.exchanges(), 0);
  });
});
