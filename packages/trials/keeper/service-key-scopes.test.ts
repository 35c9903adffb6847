import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createServiceKey, listServiceKeys, removeServiceKey } from '@keyfob/keeper/service';
import { codeOf, grantOf, linesOf, newPair, problemOf, tokenOf } from './service-requests.ts';
import { servedWorldFor } from './service-world.ts';

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
