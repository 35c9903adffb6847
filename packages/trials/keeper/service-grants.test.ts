import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseKeys } from '@keyfob/keeper';
import type { ServiceAnswer } from './ask-service.ts';
import { RECONNECT, codeOf, grantOf, linesOf, newPair, problemOf, tokenOf } from './service-requests.ts';
import { KEYS } from './kept-world.ts';
import { servedWorldFor } from './service-world.ts';

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

  it('a node that lacks the key of another one fails, and does not say that the pair is wrong', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    const next = parseKeys([Buffer.alloc(32, 8).toString('base64url')]);
    const other = await served.openAnother({
      keys: { current: next.current, all: [next.current, ...KEYS.all] },
    });
    const pair = await newPair(served);
    await other.put('car', 'cars', { refreshToken: pair['refresh_token'] });
    const put = await served.ask('PUT', grantOf('car'), { body: pair });
    assert.equal(problemOf(put), '500 internal');
    assert.equal(problemOf(await served.ask('GET', tokenOf('car'))), '500 internal');
    assert.equal((await other.tryToken('car')).status, 'ok');
    assert.equal((await other.counts()).states.active, 1);
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
