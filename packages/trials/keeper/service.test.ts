import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { armFault, createGrantIn } from '@keyfob/sandbox';
import { createServiceKey, listServiceKeys, removeServiceKey, serve } from '@keyfob/keeper/service';
import { changeGrantIn } from './change-grant-in.ts';
import { askService } from './ask-service.ts';
import type { ServiceAnswer } from './ask-service.ts';
import { servedWorldFor } from './service-world.ts';
import type { ServedWorld } from './service-world.ts';

const tokenOf = (name: string): string => `/v1/tokens/${encodeURIComponent(name)}`;
const grantOf = (name: string, more = ''): string => `/v1/grants/${encodeURIComponent(name)}${more}`;
const RECONNECT = { reconnectUrl: 'https://app.example/connect?car={name}' };

/** A new grant of the sandbox, as the body of a put. */
const newPair = async ({ world }: Pick<ServedWorld, 'world'>): Promise<Record<string, string>> => {
  const { refreshToken } = await createGrantIn(world, { client: 'smartcar' });
  return { client: 'cars', refresh_token: refreshToken };
};

const problemOf = ({ status, body }: ServiceAnswer): string =>
  `${status} ${String(body['type']).replace('urn:keyfob:keeper:', '')}`;

/** The code of what is wrong with a row. */
const codeOf = (line: Record<string, unknown> | undefined): string | undefined =>
  (line?.['error'] as { readonly code: string } | undefined)?.code;

const linesOf = ({ text }: ServiceAnswer): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

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

describe('the service: grants', () => {
  it('keeps, lists, shows, refreshes and closes a connection, and never shows a token', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar', {}, RECONNECT);
    const pair = await newPair(served);
    const put = await served.ask('PUT', grantOf('car'), { body: pair });
    assert.deepEqual([put.status, put.body], [201, { name: 'car', status: 'new' }]);
    const again = await served.ask('PUT', grantOf('car'), { body: pair });
    assert.deepEqual([again.status, again.body], [200, { name: 'car', status: 'known' }]);
    const refreshed = await served.ask('POST', grantOf('car', '/refresh'));
    assert.deepEqual(refreshed.body, { name: 'car', outcome: 'refreshed' });
    const { body: token } = await served.ask('GET', tokenOf('car'));
    const shown = await Promise.all([
      served.ask('GET', grantOf('car')),
      served.ask('GET', grantOf('car', '/timeline')),
      served.ask('GET', '/v1/grants?state=active&client=cars&limit=5'),
    ]);
    for (const { status, text } of shown) {
      assert.equal(status, 200);
      for (const secret of [pair['refresh_token'], token['access_token']])
        assert.ok(!text.includes(String(secret)));
    }
    const [details, timeline] = shown;
    assert.deepEqual(
      [details?.body['state'], details?.body['generation'], details?.body['shared_by']],
      ['active', 2, ['car']],
    );
    const [attempt] = (timeline?.body['attempts'] ?? []) as Record<string, unknown>[];
    assert.deepEqual([attempt?.['outcome'], attempt?.['status']], ['usable', 200]);
    const closed = await served.ask('DELETE', grantOf('car'));
    assert.deepEqual([closed.status, closed.body], [200, { name: 'car', revocation: 'not_offered' }]);
    assert.equal(problemOf(await served.ask('DELETE', grantOf('car'))), '404 not_connected');
    assert.equal(problemOf(await served.ask('GET', grantOf('car'))), '404 not_connected');
    assert.equal(problemOf(await served.ask('POST', grantOf('car', '/refresh'))), '404 not_connected');
  });

  it('pages stay in order while connections come and go', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const rows = Array.from({ length: 25 }, (_, index) => `car-${String(index).padStart(2, '0')}`);
    await served.ask('POST', '/v1/import', {
      body: rows
        .map((name) => JSON.stringify({ name, client: 'cars', refresh_token: `r-${name}` }))
        .join('\n'),
    });
    const seen: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const page: ServiceAnswer = await served.ask(
        'GET',
        `/v1/grants?limit=10&after=${encodeURIComponent(after)}`,
      );
      seen.push(...(page.body['grants'] as { name: string }[]).map(({ name }) => name));
      after = page.body['next'] as string | null;
      await served.ask('DELETE', grantOf(seen.at(-3) ?? ''));
      await served.ask('PUT', grantOf('a-new-one'), { body: await newPair(served) });
    }
    assert.deepEqual(seen, rows);
  });

  it('an import keeps what is good, and says of each other row what is wrong', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const { refresh_token: token } = await newPair(served);
    const good = { name: 'one', client: 'cars', refresh_token: token };
    const body = [
      JSON.stringify(good),
      '',
      'not json',
      JSON.stringify({ ...good, name: 'two' }),
      JSON.stringify({ ...good, name: 'three', client: 'none' }),
      JSON.stringify({ name: 'four', client: 'cars' }),
      JSON.stringify({ ...good, refreshToken: 'x' }),
      JSON.stringify(good),
    ].join('\n');
    const lines = linesOf(await served.ask('POST', '/v1/import', { body }));
    assert.deepEqual(
      lines.map((line) => [line['line'], line['status'] ?? codeOf(line)]),
      [
        [1, 'new'],
        [3, 'line_not_json'],
        [4, 'linked'],
        [5, 'client_unknown'],
        [6, 'refresh_token_missing'],
        [7, 'input_invalid'],
        [8, 'known'],
        [undefined, undefined],
      ],
    );
    assert.deepEqual(lines.at(-1), {
      ended: 'complete',
      rows: 7,
      counts: { new: 1, failed: 4, linked: 1, known: 1 },
    });
    assert.equal((await served.ask('GET', tokenOf('two'))).status, 200);
  });

  it('an import ends at its limits, and says so', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const long = linesOf(
      await served.ask('POST', '/v1/import', { body: `{"name":"${'x'.repeat(70_000)}"}\n{}\n` }),
    );
    assert.equal(codeOf(long[0]), 'line_too_long');
    const endless = linesOf(await served.ask('POST', '/v1/import', { body: 'x'.repeat(500_000) }));
    assert.equal(endless.at(-1)?.['ended'], 'too_many_bytes');
    const rows = linesOf(await served.ask('POST', '/v1/import', { body: '\n'.repeat(100_000) + '{}' }));
    assert.deepEqual(rows, [{ ended: 'too_many_rows', rows: 0, counts: {} }]);
  });

  it('refuses a path with an escape that is no UTF-8, and takes it for no name', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    for (const path of ['/v1/tokens/%ff', '/v1/grants/car%C3'])
      assert.deepEqual([path, (await served.ask('GET', path)).status], [path, 400]);
    assert.equal((await served.ask('GET', `/v1/grants/${encodeURIComponent('ÿ/%')}`)).status, 404);
  });

  it('refuses what it cannot read, and names the remedy', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const headers = { 'content-type': 'text/plain' };
    const answers = [
      await served.ask('PUT', grantOf('car'), { body: { client: 'cars', refreshToken: 'r' } }),
      await served.ask('PUT', grantOf('car'), { body: { client: 'none', refresh_token: 'secret-token' } }),
      await served.ask('PUT', grantOf('car'), {
        body: { client: 'cars', refresh_token: 'x'.repeat(70_000) },
      }),
      await served.ask('PUT', grantOf('car'), { body: '{', headers: { 'content-type': 'application/json' } }),
      await served.ask('PUT', grantOf('car'), { body: '{}', headers }),
      await served.ask('GET', '/v1/grants?limit=many'),
      await served.ask('GET', '/v1/grants?limits=5'),
      await served.ask('GET', '/v1/grants?state=gone'),
      await served.ask('GET', `${tokenOf('car')}?wait=long`),
      await served.ask('PUT', grantOf('car'), {
        body: { client: 'cars', refresh_token: 'r', obtained_at: 'secret-token' },
      }),
      await served.ask('PATCH', grantOf('car')),
      await served.ask('GET', '/v2/anything'),
      await served.ask('GET', '/v1/tokens/a/b'),
    ];
    assert.deepEqual(answers.map(problemOf), [
      '400 input_invalid',
      '422 input_refused',
      '413 body_too_large',
      '400 body_not_json',
      '415 media_type_unsupported',
      '400 input_invalid',
      '400 input_invalid',
      '400 input_invalid',
      '400 input_invalid',
      '400 input_invalid',
      '405 method_not_allowed',
      '404 not_found',
      '404 not_found',
    ]);
    assert.deepEqual(
      answers.slice(7, 10).map(({ body }) => body['detail']),
      [
        'state must be one of active, inflight, uncertain, staged, suspect, dead, closed',
        'wait must be whole seconds',
        'obtained_at must be a date and time such as 2026-01-31T12:00:00Z',
      ],
    );
    for (const { body, text } of answers) {
      assert.ok(String(body['remedy']).length > 5);
      assert.ok(!text.includes('secret-token'));
    }
  });
});

describe('the service: keys', () => {
  it('a key does what its scopes allow, and sees names with its prefix only', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    for (const name of ['fleet', 'fleet:1', 'fleet:2', 'other'])
      await served.ask('PUT', grantOf(name), { body: await newPair(served) });
    const reader = await served.keyFor(['tokens:read'], 'fleet');
    const lister = await served.keyFor(['grants:read', 'grants:write'], 'fleet');
    const withKey = async (key: string | undefined, method: string, path: string): Promise<string> => {
      const answer = await served.ask(method, path, { key });
      return answer.status < 300 ? String(answer.status) : problemOf(answer);
    };
    assert.equal(await withKey(reader, 'GET', tokenOf('fleet:1')), '200');
    assert.equal(await withKey(reader, 'GET', tokenOf('other')), '403 name_not_visible');
    assert.equal(await withKey(reader, 'GET', tokenOf('missing')), '403 name_not_visible');
    assert.equal(await withKey(reader, 'GET', grantOf('fleet:1')), '403 scope_missing');
    assert.equal(await withKey(lister, 'GET', tokenOf('fleet:1')), '403 scope_missing');
    assert.equal(await withKey(undefined, 'GET', tokenOf('fleet:1')), '401 key_missing');
    assert.equal(await withKey('nonsense', 'GET', tokenOf('missing')), '401 key_refused');
    const list = async (query = ''): Promise<string[]> => {
      const { body } = await served.ask('GET', `/v1/grants${query}`, { key: lister });
      return (body['grants'] as { name: string }[]).map(({ name }) => name);
    };
    assert.deepEqual(await list(), ['fleet', 'fleet:1', 'fleet:2']);
    assert.deepEqual(await list('?limit=2'), ['fleet', 'fleet:1']);
    assert.deepEqual(await list('?after=fleet:1'), ['fleet:2']);
    assert.deepEqual(await list('?after=zebra'), []);
    const [row] = linesOf(
      await served.ask('POST', '/v1/import', {
        key: lister,
        body: JSON.stringify({ name: 'other', client: 'cars', refresh_token: 'r' }),
      }),
    );
    assert.equal(codeOf(row), 'name_not_visible');
  });

  it('a key with a prefix gets no grant of other names, by a token of it that was used or is kept', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const used = await newPair(served);
    await served.ask('PUT', grantOf('fleet:1'), { body: used });
    const { text } = await served.ask('GET', tokenOf('fleet:1'));
    const kept = await newPair(served);
    await served.ask('PUT', grantOf('fleet:2'), { body: kept });
    const key = await served.keyFor(['tokens:read', 'grants:write'], 'other:');
    for (const body of [used, kept]) {
      assert.equal(
        problemOf(await served.ask('PUT', grantOf('other:1'), { key, body })),
        '422 input_refused',
      );
      const line = JSON.stringify({ name: 'other:1', ...body });
      const [row] = linesOf(await served.ask('POST', '/v1/import', { key, body: line }));
      assert.equal(codeOf(row), 'token_shared');
      assert.ok(!JSON.stringify(row).includes('fleet'));
    }
    const answer = await served.ask('GET', tokenOf('other:1'), { key });
    assert.equal(problemOf(answer), '404 not_connected');
    assert.notEqual(answer.text, text);
    const own = await newPair(served);
    for (const [name, status] of [
      ['other:1', 201],
      ['other:2', 200],
    ] as const)
      assert.equal((await served.ask('PUT', grantOf(name), { key, body: own })).status, status);
  });

  it('a removed key, and one that is over, is refused soon; last uses are noted', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const { key } = await createServiceKey(served.keeper, {
      name: 'short',
      scopes: ['tokens:read'],
      expiresAtMs: Date.now() + 1500,
    });
    const removed = await createServiceKey(served.keeper, { name: 'removed', scopes: ['tokens:read'] });
    const isRefused = async (text: string): Promise<boolean> =>
      [401, 429].includes((await served.ask('GET', tokenOf('none'), { key: text })).status);
    assert.equal(await isRefused(removed.key), false);
    assert.equal(await removeServiceKey(served.keeper, 'removed'), true);
    const sinceMs = performance.now();
    while (!(await isRefused(removed.key))) await new Promise((resolve) => void setTimeout(resolve, 50));
    assert.ok(performance.now() - sinceMs < 10_000);
    while (!(await isRefused(key))) await new Promise((resolve) => void setTimeout(resolve, 50));
    const text = JSON.stringify(await listServiceKeys(served.keeper));
    assert.ok(!text.includes(key) && !text.includes('digest'));
  });

  it('refuses keys that say nothing', async (scope) => {
    const { keeper } = await servedWorldFor(scope, 'smartcar');
    const cases = [
      ['key_name_invalid', { name: '', scopes: ['metrics'] }],
      ['key_scope_invalid', { name: 'a', scopes: [] }],
      ['key_scope_invalid', { name: 'a', scopes: ['all' as 'metrics'] }],
      ['key_expiry_invalid', { name: 'a', scopes: ['metrics'], expiresAtMs: 5 }],
      ['key_name_taken', { name: 'key-1', scopes: ['metrics'] }],
    ] as const;
    for (const [code, wanted] of cases) await assert.rejects(createServiceKey(keeper, wanted), { code });
  });

  it('many wrong keys from one address are slowed down, and a right one from there is not', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar', {}, { forwardedHops: 1 });
    const wrong = async (address: string): Promise<string> =>
      problemOf(
        await served.ask('GET', '/v1/grants', {
          key: `kfk_${'A'.repeat(43)}`,
          headers: { 'x-forwarded-for': `1.2.3.4, ${address}` },
        }),
      );
    for (let count = 0; count < 20; count++) assert.equal(await wrong('2001:db8::1'), '401 key_refused');
    assert.equal(await wrong('2001:db8:0:0:5::9'), '429 too_many_wrong_keys');
    assert.equal(await wrong('2001:db8:0:1::1'), '401 key_refused');
    const right = await served.ask('GET', '/v1/grants', { headers: { 'x-forwarded-for': '2001:db8::1' } });
    assert.equal(right.status, 200);
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
