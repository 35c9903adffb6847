import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { DIALECTS as WIRES } from '@keyfob/server/dialects';
import type { Vehicle } from '@keyfob/server/grants';
import { uuidV4Shape } from '@keyfob/server/tokens';
import { consentOn, exchangeCode, VEHICLES } from '../support/consented-grant.ts';
import { sampleVehicle } from '../support/samples.ts';
import { removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient } from '../support/keyfob-process.ts';
import type { DialectName } from '../support/dialect-name.ts';

const [ONE, TWO] = VEHICLES;
const LOG_TIMEOUT_MS = 10_000;

/** The paths at which each dialect lists vehicles and disconnects one of them. */
const PATHS = {
  smartcar: {
    list: '/v2.0/vehicles',
    disconnect: ({ id }: Vehicle) => `/v2.0/vehicles/${id}/application`,
  },
  pleos: {
    list: '/v1/vehicles/consent',
    disconnect: ({ vin }: Vehicle) => `/v1/vehicles/consent?vin=${vin}`,
  },
} as const;
const DIALECTS = ['smartcar', 'pleos'] as const satisfies readonly DialectName[];

let server: KeyfobServer;
before(async () => {
  server = await startKeyfob({ args: ['--log-level', 'debug'] });
});
after(async () => {
  await server.kill();
  removeDataDirectory(server.dataDirectory);
});

/** A new client with a grant that covers both vehicles. */
const share = async (dialect: DialectName) => {
  const client = await server.command<MadeClient>('client', 'create', '--dialect', dialect);
  const code = await consentOn(server, dialect, client);
  const pair = await exchangeCode[dialect](server.url, client, code);
  const { grants } = await server.command<{ grants: { grantId: string }[] }>(
    'grant',
    'list',
    '--client',
    client.clientId,
  );
  return { client, grantId: grants[0]?.grantId ?? '', ...pair };
};

const call = async (method: string, path: string, accessToken: string, body?: string) => {
  const headers = {
    Authorization: `Bearer ${accessToken}`,
    Brand: 'hyundai',
    'Content-Type': 'application/json',
  };
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** The ids of the vehicles that `keyfob grant show` lists. */
const coveredBy = async (grantId: string): Promise<readonly string[]> => {
  const shown = await server.command<{ vehicles: { id: string }[] }>('grant', 'show', grantId);
  return shown.vehicles.map(({ id }) => id);
};

/** Waits until the log has a line with all of these texts. Returns the line. */
const lineWith = async (...texts: readonly string[]): Promise<string> => {
  const { child } = server;
  for (;;) {
    const found = server
      .log()
      .split('\n')
      .find((line) => texts.every((text) => line.includes(text)));
    if (found !== undefined || child.stderr === null) return found ?? '';
    await once(child.stderr, 'data');
  }
};

describe('A dead access token gives no access', () => {
  for (const dialect of DIALECTS)
    test(`after its ${dialect} grant is revoked or its client is disabled, until that is undone`, async () => {
      const { client, grantId, accessToken } = await share(dialect);
      const { list } = PATHS[dialect];
      const readStatus = async () => (await call('GET', list, accessToken)).status;
      const dead = dialect === 'smartcar' ? 401 : 400;
      assert.equal(await readStatus(), 200);
      await server.command('grant', 'revoke', grantId);
      assert.equal(await readStatus(), dead);
      await server.command('grant', 'reinstate', grantId);
      assert.equal(await readStatus(), 200);
      await server.command('client', 'disable', client.clientId);
      assert.equal(await readStatus(), dead);
      await server.command('client', 'enable', client.clientId);
      assert.equal(await readStatus(), 200);
    });

  test('if its sealed block is that of a Pleos token, but in the form of a Smartcar token', async () => {
    const { accessToken } = await share('pleos');
    const sealed = WIRES.pleos.shapes.accessToken.read(accessToken);
    assert.ok(sealed !== 'malformed');
    const converted = uuidV4Shape.write(sealed.subarray(0, 16));
    const answer = await call('GET', PATHS.smartcar.list, converted);
    assert.equal(answer.status, 401);
    assert.match(answer.text, /"type":"AUTHENTICATION"/);
    assert.equal((await call('GET', PATHS.pleos.list, converted)).status, 400);
    assert.equal((await call('GET', PATHS.pleos.list, accessToken)).status, 200);
  });

  test('but an access token from before a refresh is not dead', async () => {
    const { client, accessToken, refreshToken } = await share('smartcar');
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
    const refreshed = await fetch(`${server.url}/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    });
    assert.equal(refreshed.status, 200);
    assert.equal((await call('GET', PATHS.smartcar.list, accessToken)).status, 200);
  });
});

describe('Disconnecting', { timeout: 60_000 }, () => {
  test(
    'the last vehicle of a Smartcar grant revokes the grant, and the log has both events',
    { timeout: LOG_TIMEOUT_MS },
    async () => {
      const { client, grantId, accessToken } = await share('smartcar');
      const first = await call('DELETE', PATHS.smartcar.disconnect(ONE), accessToken);
      assert.equal(first.status, 200, first.text);
      assert.deepEqual(await coveredBy(grantId), [TWO.id]);
      const last = await call('DELETE', PATHS.smartcar.disconnect(TWO), accessToken);
      assert.equal(last.status, 200, last.text);
      assert.equal((await call('DELETE', PATHS.smartcar.disconnect(TWO), accessToken)).status, 401);
      const requestId = last.headers.get('sc-request-id') ?? '-';
      const logged = JSON.parse(await lineWith('"event":"vehicles.disconnected"', requestId)) as Record<
        string,
        unknown
      >;
      assert.equal(logged['grantId'], grantId);
      assert.equal(logged['clientId'], client.clientId);
      assert.equal(logged['count'], 1);
      const revoked = await lineWith('"event":"grant.revoked"', requestId);
      assert.match(revoked, /"cause":"disconnected"/);
      const shown = await server.command<{ status: string; revocationCause: string }>(
        'grant',
        'show',
        grantId,
      );
      assert.deepEqual([shown.status, shown.revocationCause], ['revoked', 'disconnected']);
    },
  );

  test(
    'every vehicle of a Pleos grant keeps the grant, and its owner may choose again',
    { timeout: LOG_TIMEOUT_MS },
    async () => {
      const { grantId, accessToken } = await share('pleos');
      const all = await call('DELETE', PATHS.pleos.list, accessToken);
      assert.equal(all.status, 200, all.text);
      assert.deepEqual(await coveredBy(grantId), []);
      const requestId = all.headers.get('x-request-id') ?? '-';
      assert.match(await lineWith('"event":"vehicles.disconnected"', requestId), /"count":2/);
      const again = await call('DELETE', PATHS.pleos.list, accessToken);
      assert.match(again.text, /"code":"5006"/);
      const choice = JSON.stringify({ state: 'abc', lang: 'ko' });
      assert.equal((await call('POST', '/v1/vehicles/selections', accessToken, choice)).status, 200);
      const shown = await server.command<{ status: string }>('grant', 'show', grantId);
      assert.equal(shown.status, 'active');
    },
  );

  test('one VIN works once: a retry reports that it is gone', async () => {
    const { grantId, accessToken } = await share('pleos');
    assert.equal((await call('DELETE', PATHS.pleos.disconnect(ONE), accessToken)).status, 200);
    const again = await call('DELETE', PATHS.pleos.disconnect(ONE), accessToken);
    assert.equal(again.status, 410);
    assert.match(again.text, /"code":"4101"/);
    assert.deepEqual(await coveredBy(grantId), [TWO.id]);
  });

  test('every vehicle of one brand keeps the vehicles of another brand shared', async () => {
    const client = await server.command<MadeClient>('client', 'create', '--dialect', 'pleos');
    const vehicles = [ONE, sampleVehicle(2, { make: 'kia' })];
    const code = await consentOn(server, 'pleos', client, { brand: undefined, vehicles });
    const { accessToken } = await exchangeCode.pleos(server.url, client, code);
    assert.equal((await call('DELETE', PATHS.pleos.list, accessToken)).status, 200);
    const kia = await fetch(`${server.url}${PATHS.pleos.list}`, {
      headers: { Authorization: `Bearer ${accessToken}`, Brand: 'kia' },
    });
    const { data } = (await kia.json()) as { data: { vehicles: { vin: string }[] } };
    assert.deepEqual(
      data.vehicles.map(({ vin }) => vin),
      [TWO.vin],
    );
  });

  for (const dialect of DIALECTS)
    test(`while the store is unavailable gives an outage of ${dialect}, and works when the store is available again`, async () => {
      const { grantId, accessToken } = await share(dialect);
      const database = new DatabaseSync(join(server.dataDirectory, 'keyfob.db'));
      database.exec('BEGIN IMMEDIATE');
      try {
        const unavailable = await call('DELETE', PATHS[dialect].disconnect(ONE), accessToken);
        assert.equal(unavailable.status, 503, unavailable.text);
        assert.match(unavailable.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
        assert.match(unavailable.text, dialect === 'smartcar' ? /"type":"SERVER"/ : /"code":"5001"/);
      } finally {
        database.close();
      }
      assert.deepEqual(await coveredBy(grantId), [ONE.id, TWO.id]);
      assert.equal((await call('DELETE', PATHS[dialect].disconnect(ONE), accessToken)).status, 200);
      assert.deepEqual(await coveredBy(grantId), [TWO.id]);
    });
});

describe('The choice of vehicles', () => {
  test('is refused to a client without a consent redirect URI', async () => {
    const { client, accessToken } = await share('pleos');
    const choice = JSON.stringify({ state: 'abc', lang: 'en' });
    const database = new DatabaseSync(join(server.dataDirectory, 'keyfob.db'));
    database
      .prepare("UPDATE clients SET redirect_uris = '[]', revision = revision + 1 WHERE id = ?")
      .run(client.clientId);
    database.close();
    const refused = await call('POST', '/v1/vehicles/selections', accessToken, choice);
    assert.equal(refused.status, 400);
    assert.match(refused.text, /"code":"403"/);
  });
});

describe('The API of Smartcar', () => {
  test('refuses an unknown request in its own format', async () => {
    const tooLarge = await call('POST', '/v2.0/vehicles', 'x', 'a'.repeat(20_000));
    assert.equal(tooLarge.status, 413);
    assert.match(tooLarge.text, /"type":"VALIDATION"/);
    const unknown = await call('GET', '/v2.0', 'x');
    assert.equal(unknown.status, 404);
    assert.match(unknown.text, /"type":"RESOURCE_NOT_FOUND"/);
    const elsewhere = await call('GET', '/v3/vehicles', 'x');
    assert.match(elsewhere.text, /"error":"invalid_request"/);
  });

  test('handles HEAD like GET, without the body', async () => {
    const { accessToken } = await share('smartcar');
    const head = await call('HEAD', PATHS.smartcar.list, accessToken);
    assert.deepEqual([head.status, head.text], [200, '']);
  });
});
