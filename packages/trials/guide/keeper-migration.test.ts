import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { AuthorizationCode } from 'simple-oauth2';
import { createGrantIn, startSandboxServer } from '@keyfob/sandbox';
import type { CreatedGrant, World } from '@keyfob/sandbox';
import type { Scope } from '../support/test-directory.ts';
import { readBlocks } from './guide.ts';
import { keeperFolderFor } from './keeper-folder.ts';
import type { KeeperFolder } from './keeper-folder.ts';

type Stage = {
  readonly world: World;
  readonly folder: KeeperFolder;
  readonly environment: Readonly<Record<string, string>>;
  newGrant(): Promise<CreatedGrant>;
};

/** A world with grants that another program holds, and an empty folder. */
const stageFor = async (scope: Scope): Promise<Stage> => {
  const sandbox = await startSandboxServer();
  scope.after(() => sandbox.close());
  const world = await sandbox.createWorld();
  const { clientId = '', clientSecret = '' } = world.clients.find('smartcar') ?? {};
  return {
    world,
    folder: keeperFolderFor(scope),
    environment: {
      CLIENT_ID: clientId,
      SC_CLIENT_SECRET: clientSecret,
      CARS_CLIENT_SECRET: clientSecret,
      ORIGIN: world.url,
    },
    newGrant: () => createGrantIn(world, { client: 'smartcar' }),
  };
};

const refreshes = ({ world }: Stage): number => world.journal.read({ endpoint: 'token' }).requests.length;

/** The settings of `init` talk to the car maker; these talk to the world. */
const pointToWorld = ({ folder, world }: Stage): void => {
  const path = join(folder.path, 'keyfob-keeper.json');
  const settings = readFileSync(path, 'utf8');
  const origin = `"origin": ${JSON.stringify(world.url)}, "clientSecret"`;
  assert.match(settings, /"clientSecret"/);
  writeFileSync(path, settings.replace('"clientSecret"', origin));
};

const show = async ({ folder, environment }: Stage, name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await folder.run(`npx keyfob-keeper show ${name} --json`, environment)) as Record<
    string,
    unknown
  >;

describe('the pages about migrating', () => {
  test('a table of your own: a dry run, the cut-over without a refresh, and a token', async (t) => {
    const stage = await stageFor(t);
    const { folder, environment } = stage;
    const [init = '', dryRun = '', cutOver = ''] = readBlocks('keeper/from-a-table.md', 'sh');
    const [exporter = '', asking = ''] = readBlocks('keeper/from-a-table.md', 'js');
    const table = new DatabaseSync(join(folder.path, 'old.db'));
    table.exec(
      'CREATE TABLE tokens (vin TEXT, access_token TEXT, refresh_token TEXT, expires_at TEXT, updated_at INTEGER)',
    );
    const insert = table.prepare('INSERT INTO tokens VALUES (?, ?, ?, ?, ?)');
    const nowMs = Date.now();
    for (let car = 1; car <= 3; car++) {
      const { accessToken, refreshToken } = await stage.newGrant();
      const endsAt = new Date(nowMs + 7_200_000).toISOString();
      insert.run(`vin:${car}`, accessToken, refreshToken, endsAt, Math.floor(nowMs / 1000));
    }
    insert.run('vin:4', 'access', '', null, null);
    table.close();

    await folder.run(init, environment);
    pointToWorld(stage);
    folder.save('export.js', exporter);
    await folder.run(`${dryRun.trimEnd()} || true`, environment);
    assert.match(
      readFileSync(join(folder.path, 'refused.jsonl'), 'utf8'),
      /^{"line":4,"code":"refresh_token_missing"/,
    );
    await assert.rejects(folder.run('npx keyfob-keeper ls', environment), /There is no store/);
    const listed = await folder.run(
      cutOver.replace('import tokens.jsonl --client sc', 'import tokens.jsonl --client sc || true'),
      environment,
    );
    for (let car = 1; car <= 3; car++) assert.match(listed, new RegExp(`vin:${car} `));
    folder.save('ask.js', asking);
    assert.match(await folder.run('node ask.js', environment), /^a token until 20/);
    assert.equal(refreshes(stage), 0, 'nothing was refreshed by the cut-over');
  });

  test('simple-oauth2: the tokens that it stored become connections', async (t) => {
    const stage = await stageFor(t);
    const { folder, environment, world } = stage;
    const [lines = ''] = readBlocks('keeper/from-simple-oauth2.md', 'sh');
    const [exporter = ''] = readBlocks('keeper/from-simple-oauth2.md', 'js');
    const old = new AuthorizationCode({
      client: { id: environment['CLIENT_ID'] ?? '', secret: environment['CARS_CLIENT_SECRET'] ?? '' },
      auth: {
        tokenHost: world.url,
        tokenPath: `${new URL(world.url).pathname}/oauth/token`.replace('//', '/'),
      },
      http: { headers: { 'user-agent': 'old/1' } },
    });
    const { refreshToken } = await stage.newGrant();
    const { token } = await old.createToken({ refresh_token: refreshToken }).refresh();
    mkdirSync(join(folder.path, 'tokens'));
    folder.save('tokens/vin-1.json', JSON.stringify(token));
    folder.save('export.js', exporter);
    const listed = await folder.run(lines, environment);
    assert.match(listed, /vin-1 +.*active/);
    pointToWorld(stage);
    const printed = await folder.run('npx keyfob-keeper token vin-1', environment);
    assert.equal(printed.trim(), token['access_token']);
    assert.equal(refreshes(stage), 1, 'only the one of the old program');
  });

  test('Nango: the export gives the pairs, and reports what Nango does not give out', async (t) => {
    const stage = await stageFor(t);
    const { folder, environment } = stage;
    const [lines = ''] = readBlocks('keeper/from-nango.md', 'sh');
    const [exporter = ''] = readBlocks('keeper/from-nango.md', 'js');
    const { accessToken, refreshToken } = await stage.newGrant();
    const expiresAt = new Date(Date.now() + 7_200_000).toISOString();
    const nango = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://nango.example');
      const send = (status: number, body: unknown): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.headers.authorization !== 'Bearer nango-key') return send(401, {});
      const key = { provider_config_key: 'cars' };
      if (pathname === '/connections')
        return send(200, {
          connections: [
            { id: 1, connection_id: 'vin 1', ...key },
            { id: 2, connection_id: 'broken', ...key },
            { id: 3, connection_id: 'other', provider_config_key: 'slack' },
          ],
        });
      if (pathname !== '/connections/vin%201') return send(500, { error: { code: 'server_error' } });
      const pair = { access_token: accessToken, expires_at: expiresAt, raw: {} };
      const isWhole = searchParams.get('refresh_token') === 'true';
      const credentials = { type: 'OAUTH2', ...pair, ...(isWhole ? { refresh_token: refreshToken } : {}) };
      send(200, { id: 1, connection_id: 'vin 1', ...key, credentials });
    });
    await new Promise<void>((listening) => nango.listen(0, '127.0.0.1', listening));
    t.after(() => nango.close());
    folder.save('export.js', exporter);
    const listed = await folder.run(lines, {
      ...environment,
      NANGO_URL: `http://127.0.0.1:${(nango.address() as AddressInfo).port}`,
      NANGO_SECRET_KEY: 'nango-key',
      INTEGRATION: 'cars',
    });
    assert.match(listed, /vin 1 +.*active/);
    assert.doesNotMatch(listed, /broken|other/);
    pointToWorld(stage);
    assert.equal((await show(stage, "'vin 1'"))['generation'], 1);
    assert.equal((await folder.run("npx keyfob-keeper token 'vin 1'", environment)).trim(), accessToken);
    assert.equal(refreshes(stage), 0);
  });
});
