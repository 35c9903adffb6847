import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { runCommand } from '../support/run-command.ts';
import { serverFor } from '../support/test-directory.ts';
import { paste, PROJECT, readBlocks } from './guide.ts';

const PAGE = 'resource-server.md';
const hasCurl = (await runCommand('curl', ['--version'])).code === 0;
const options = hasCurl ? {} : { skip: 'curl is not installed' };

test(
  'The guide works: an API reads an access token by introspection and by checking a JWT.',
  options,
  async (t) => {
    const server = await serverFor(t, {});
    const [create = '', introspect = '', setJwt = '', forItself = ''] = readBlocks(PAGE, 'sh');
    const [check = ''] = readBlocks(PAGE, 'js');
    const app = await server.command<MadeClient>('client', 'create', '--dialect', 'smartcar');
    const environment = {
      KEYFOB_DATA: server.dataDirectory,
      ISSUER: server.url,
      APP_CLIENT_ID: app.clientId,
      APP_CLIENT_SECRET: app.clientSecret,
    };

    const api = JSON.parse(
      await paste(create.replace('"Vehicle API"', '"Vehicle API" --json'), environment),
    ) as MadeClient;
    const asApi = { ...environment, CLIENT_ID: api.clientId, CLIENT_SECRET: api.clientSecret };
    const words = ['--client', app.clientId, '--subject', 'owner-1', '--scope', 'read_odometer'];
    const grant = await server.command<MadeGrant>('grant', 'create', ...words);
    const asked = JSON.parse(
      await paste(introspect, { ...asApi, ACCESS_TOKEN: grant.accessToken }),
    ) as object;
    assert.partialDeepStrictEqual(asked, {
      active: true,
      client_id: app.clientId,
      sub: 'owner-1',
      scope: 'read_odometer',
      token_type: 'Bearer',
    });

    await paste(setJwt, environment);
    const answer = await fetch(`${server.url}/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64')}`,
        'User-Agent': 'guide',
      },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: grant.refreshToken }),
    });
    const { access_token: jwt } = (await answer.json()) as { access_token: string };
    const folder = mkdtempSync(join(tmpdir(), 'keyfob-guide-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'check.mjs'), check);
    const checked = await paste('node check.mjs', { ...environment, ACCESS_TOKEN: jwt }, folder);
    assert.deepEqual(JSON.parse(checked), { owner: 'owner-1', client: app.clientId, scope: 'read_odometer' });

    const [scopes = ''] = readBlocks('scopes.md', 'json');
    const scopesFile = join(folder, 'scopes.json');
    writeFileSync(scopesFile, scopes);
    const own = ['--client-credentials', 'true', '--client-credentials-scope', 'fleet:read'];
    await server.command('client', 'set', app.clientId, ...own, '--scopes-file', scopesFile);
    const itsOwn = JSON.parse(await paste(forItself, environment)) as { access_token: string };
    assert.partialDeepStrictEqual(decodeJwt(itsOwn.access_token), { sub: app.clientId, scope: 'fleet:read' });
  },
);
