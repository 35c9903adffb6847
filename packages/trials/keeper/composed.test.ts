import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { createGrantIn, startSandboxServer } from '@keyfob/sandbox';
import { readYaml, WORKSPACE } from '../package/manifests.ts';
import type { Compose } from '../package/manifests.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import { directoryFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';
import { askService } from './ask-service.ts';
import { COMMAND, spawnCommand } from './commands/command-world.ts';

const FOLDER = 'deploy/keeper';
const CARS = 8;

type Node = { readonly url: string; readonly child: ChildProcess };

/** The variables that compose.yaml sets for a keeper, and which of them are from `.env`. */
const readEnvironment = (): Readonly<Record<string, string>> => {
  const { services } = readYaml(`${FOLDER}/compose.yaml`) as Compose;
  return services['keeper-1']?.environment ?? assert.fail('no keeper-1');
};

const startNode = async (
  scope: Scope,
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<Node> => {
  const child = spawn(process.execPath, [COMMAND, 'serve', '--json'], {
    cwd: directory,
    env: { ...environment, KEEPER_DIRECTORY: join(directory, 'node') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  scope.after(() => void child.kill('SIGKILL'));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
    once(child, 'exit').then(() => assert.fail(`a keeper ended: ${errors}`)),
  ]);
  return { child, url: (JSON.parse(line) as { readonly url: string }).url };
};

const kill = async ({ child }: Node): Promise<void> => {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

const cluster = await startCluster();
const TITLE =
  'Of two keepers with the files of compose, one is killed while programs ask: every car is answered by the other, and by the killed one when it is back.';

if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else
  test(TITLE, async (scope) => {
    scope.after(() => cluster.remove());
    const sandbox = await startSandboxServer();
    scope.after(() => sandbox.close());
    const world = await sandbox.createWorld();
    const { clientId, clientSecret } = world.clients.find('smartcar') ?? assert.fail('no client');
    const directory = directoryFor(scope);
    writeFileSync(join(directory, 'keeper.key'), randomBytes(32).toString('base64url'), { mode: 0o600 });
    // The settings of the repository, with the address of the sandbox for the vendor's.
    const settings = readFileSync(join(WORKSPACE, FOLDER, 'keyfob-keeper.json'), 'utf8');
    const local = settings.replace('"provider": "smartcar",', `$& "origin": ${JSON.stringify(world.url)},`);
    assert.notEqual(local, settings);
    writeFileSync(join(directory, 'keyfob-keeper.json'), local);
    const environment = {
      ...readEnvironment(),
      KEEPER_STORE: cluster.url(),
      KEEPER_KEY_FILE: join(directory, 'keeper.key'),
      KEEPER_CONFIG: join(directory, 'keyfob-keeper.json'),
      SMARTCAR_CLIENT_ID: clientId,
      SMARTCAR_CLIENT_SECRET: clientSecret,
      KEEPER_PORT: '0',
    };
    const folders = [directoryFor(scope), directoryFor(scope)] as const;
    // Both start at once, while the database is empty.
    const [one, other] = await Promise.all([
      startNode(scope, folders[0], environment),
      startNode(scope, folders[1], environment),
    ]);
    const run = async (words: readonly string[], input = ''): Promise<string> => {
      const ended = await spawnCommand(folders[1], words, {
        input,
        environment: { ...environment, KEEPER_DIRECTORY: join(folders[1], 'node') },
      });
      assert.equal(ended.code, 0, ended.errors);
      return ended.out;
    };
    const { key } = JSON.parse(await run(['key', 'add', 'app', '--scope', 'tokens:read', '--json'])) as {
      readonly key: string;
    };
    const cars = Array.from({ length: CARS }, (_, index) => `car-${index}`);
    const rows = await Promise.all(
      cars.map(async (name) => {
        const { refreshToken } = await createGrantIn(world, { client: 'smartcar' });
        return `${name},smartcar,${refreshToken}`;
      }),
    );
    await run(['import', '-'], ['vin,provider,refresh_token', ...rows].join('\n'));
    const ask = (url: string, car: string) => askService(url, 'GET', `/v1/tokens/${car}?wait=60`, { key });
    const asked = cars.map((car) => ask(one.url, car).catch(() => undefined));
    await Promise.race(asked);
    await kill(one);
    await Promise.all(asked);
    const answers = await Promise.all(cars.map((car) => ask(other.url, car)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      cars.map(() => 200),
    );
    const again = await startNode(scope, folders[0], environment);
    while ((await askService(again.url, 'GET', '/health/ready')).status !== 200);
    const tokens = await Promise.all(cars.map((car) => ask(again.url, car)));
    assert.deepEqual(
      tokens.map(({ body }) => body['access_token']),
      answers.map(({ body }) => body['access_token']),
    );
    for (const { child } of [again, other]) {
      const closed = once(child, 'exit');
      child.kill('SIGTERM');
      assert.deepEqual(await closed, [0, null]);
    }
  });
