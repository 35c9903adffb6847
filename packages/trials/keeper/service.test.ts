import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { armFault } from '@keyfob/sandbox';
import { serve } from '@keyfob/keeper/service';
import { changeGrantIn } from './change-grant-in.ts';
import { askService } from './ask-service.ts';
import { RECONNECT, grantOf, newPair, problemOf, tokenOf } from './service-requests.ts';
import { servedWorldFor } from './service-world.ts';

describe('the service: tokens', () => {
  it('answers a valid access token, and the next one from memory', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    await served.putCar('vin:KMH1');
    const { status, body, headers } = await served.ask('GET', tokenOf('vin:KMH1'));
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ['access_token', 'expires_at']);
    assert.ok(Date.parse(String(body['expires_at'])) > Date.now() + 3_600_000);
    assert.equal(headers.get('cache-control'), 'no-store');
    const again = await served.ask('GET', tokenOf('vin:KMH1'));
    assert.equal(again.body['access_token'], body['access_token']);
    assert.equal(served.requests().length, 1);
  });

  it('has three outcomes: a dead grant is 409 with its cause and a link, an outage 503 with a time', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar', {}, RECONNECT);
    const none = await served.ask('GET', tokenOf('a/b'));
    assert.equal(problemOf(none), '404 not_connected');
    assert.equal(none.body['reconnect'], 'https://app.example/connect?car=a%2Fb');

    await served.putCar('gone');
    await changeGrantIn(served, 'revoke');
    const dead = await served.ask('GET', tokenOf('gone'));
    assert.equal(problemOf(dead), '409 needs_consent');
    assert.deepEqual(
      [dead.body['cause'], dead.body['reconnect']],
      ['revoked', 'https://app.example/connect?car=gone'],
    );

    await served.putCar('car');
    for (let index = 0; index < 30; index++) armFault(served.world, { do: { status: 503 } });
    const away = await served.ask('GET', `${tokenOf('car')}?wait=0`);
    assert.equal(problemOf(away), '503 unavailable');
    assert.ok(Math.abs(Date.parse(String(away.body['retry_at'])) - Date.now()) < 60_000);
  });

  it('serves the old token as stale while its refresh is in trouble', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const ending = {
      access_token: 'old',
      expires_in: 60,
      obtained_at: new Date(Date.now() - 40_000).toISOString(),
    };
    await served.ask('PUT', grantOf('car'), { body: { ...(await newPair(served)), ...ending } });
    for (let index = 0; index < 30; index++) armFault(served.world, { do: { status: 503 } });
    const { status, body } = await served.ask('GET', `${tokenOf('car')}?wait=1`);
    assert.deepEqual([status, body['stale'], body['access_token']], [200, true, 'old']);
  });

  it('a token that was reported as refused is replaced once, however many report it', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    await served.putCar('car');
    const { body: first } = await served.ask('GET', tokenOf('car'));
    const report = { body: { access_token: first['access_token'] } };
    const answers = await Promise.all(
      [1, 2, 3].map(() => served.ask('POST', grantOf('car', '/rejected'), report)),
    );
    const tokens = new Set(answers.map(({ body }) => body['access_token']));
    assert.equal(tokens.size, 1);
    assert.ok(!tokens.has(first['access_token']));
    assert.equal(served.requests().length, 2);
  });

  it('only so many requests wait for refreshes, while what is in memory is still answered', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar', {}, { waitingMax: 1 });
    await served.putCar('fresh');
    await served.ask('GET', tokenOf('fresh'));
    await served.putCar('slow');
    await served.putCar('next');
    armFault(served.world, { do: { delayMilliseconds: 1000 } });
    const slow = served.ask('GET', tokenOf('slow'));
    while (served.requests().length < 2) await new Promise((resolve) => void setTimeout(resolve, 5));
    const next = await served.ask('GET', tokenOf('next'));
    assert.equal(problemOf(next), '503 overloaded');
    assert.equal((await served.ask('GET', tokenOf('fresh'))).status, 200);
    assert.equal((await slow).status, 200);
    assert.equal((await served.ask('GET', tokenOf('next'))).status, 200);
  });

  it('HEAD is answered as GET is, without the body', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    await served.putCar('car');
    const { status } = await fetch(`${served.service.url}${tokenOf('car')}`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${served.key}` },
    });
    assert.equal(status, 200);
  });

  it('any name works that a put accepts', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const names = [
      'a/b',
      'a:b',
      'ä ö/%2F',
      '%',
      '100%25',
      '?x=1#y',
      'a+b&c',
      '../up',
      '🚗',
      '.hidden',
      'v1/tokens',
      '"quoted"',
      'a\\b',
      'e\u0301',
    ];
    for (const name of names) {
      assert.equal(
        (await served.ask('PUT', grantOf(name), { body: await newPair(served) })).status,
        201,
        name,
      );
      assert.equal((await served.ask('GET', grantOf(name))).body['name'], name);
      assert.equal((await served.ask('GET', tokenOf(name))).status, 200, name);
    }
    const { body } = await served.ask('GET', '/v1/grants');
    const listed = (body['grants'] as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(listed.toSorted(), names.toSorted());
    for (const name of names) assert.equal((await served.ask('DELETE', grantOf(name))).status, 200, name);
  });
});

describe('the service: health and description', () => {
  it('is ready while its store works, and says why where it is not', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    assert.equal((await served.ask('GET', '/health/live', { key: undefined })).status, 200);
    const ready = await served.ask('GET', '/health/ready', { key: undefined });
    assert.deepEqual([ready.status, ready.body], [200, { status: 'ready', reason: null }]);
  });

  it('Redocly finds nothing in the description', async (scope) => {
    const { service } = await servedWorldFor(scope, 'smartcar');
    const { text } = await askService(service.url, 'GET', '/openapi.json');
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: text, config });
    assert.deepEqual(
      problems.map(
        ({ ruleId, message, location: [place] }) => `${ruleId}: ${message} ${place?.pointer ?? ''}`,
      ),
      [],
    );
  });

  it('a port that is taken is refused with a remedy', async (scope) => {
    const { service, openAnother } = await servedWorldFor(scope, 'smartcar');
    const other = await openAnother();
    const port = Number(new URL(service.url).port);
    await assert.rejects(serve(other, { port }), { code: 'port_unusable' });
  });

  it('what is mounted beside the routes is served', async (scope) => {
    const mounted = [{ path: '/status', fetch: ({ url }: Request) => new Response(new URL(url).pathname) }];
    const { service } = await servedWorldFor(scope, 'smartcar', {}, { mounted });
    for (const path of ['/status', '/status/more'])
      assert.equal((await askService(service.url, 'GET', path)).text, path);
  });

  it('answers a request that is no HTTP, or too large, without ending', async (scope) => {
    const { service, ask } = await servedWorldFor(scope, 'smartcar');
    for (const bytes of [
      '\0\0\0\r\n\r\n',
      `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      'GET /v1/tokens/%ZZ HTTP/1.1\r\nconnection: close\r\n\r\n',
    ]) {
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
      socket.end(bytes);
      assert.match(await readText(socket), /^HTTP\/1\.1 4\d\d /);
    }
    assert.equal((await ask('GET', '/health/live')).status, 200);
  });
});

describe('the service: clients that hang up', () => {
  it('a body that is cut off is no failure of the service', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const socket = connect(Number(new URL(served.service.url).port), '127.0.0.1');
    const head = `PUT ${grantOf('car')} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${served.key}\r\n`;
    socket.end(`${head}content-type: application/json\r\ncontent-length: 99\r\n\r\n{"client":`);
    await readText(socket);
    const counted = /requests_total\{route="PUT \/v1\/grants\/\{name\}",status="(\d+)"\} 1/;
    let found: string | undefined;
    while (found === undefined) found = counted.exec((await served.ask('GET', '/metrics')).text)?.[1];
    assert.equal(found, '400');
    assert.ok(served.serviceLog.every(({ event }) => event !== 'service.failed'));
  });
});

describe('the service: stopping', () => {
  it('lets an open refresh finish, stores its pair, and takes no new requests', async (scope) => {
    const served = await servedWorldFor(scope, 'pleos');
    await served.putCar('car');
    armFault(served.world, { do: { delayMilliseconds: 1000 } });
    const asked = served.ask('GET', tokenOf('car'));
    while (served.requests().length === 0) await new Promise((resolve) => void setTimeout(resolve, 5));
    const closed = served.service.close();
    const { status, body } = await asked;
    await closed;
    assert.equal(status, 200);
    await assert.rejects(served.ask('GET', tokenOf('car')));
    const next = await served.openAnother();
    assert.equal(await next.token('car'), body['access_token']);
    assert.equal(served.requests().length, 1);
  });
});
