import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CREDENTIALS, CARS, keysOf, pair, open, sharedStore } from './open-keeper.cases.ts';
import { clientOf } from '../providers/clients.ts';
import type { Client } from '../providers/clients.ts';
import { systemClock } from '../time.ts';

describe('a change of keys', () => {
  it('everything opens with the new key alone', async () => {
    const store = await sharedStore();
    const first = await open(pair, { store });
    await first.keeper.put('gone', 'cars', { refreshToken: 'gone' });
    for (let car = 0; car < 5; car++)
      await first.keeper.put(`car-${car}`, 'cars', { refreshToken: `r-${car}` });
    await first.keeper.disconnect('gone');
    await first.keeper.close();
    const both = await open(pair, { store, keys: keysOf(2, 1) });
    assert.equal(await both.keeper.put('again', 'cars', { refreshToken: 'r-1' }), 'linked');
    assert.deepEqual(await both.keeper.rekey(), { resealed: 5, moved: 0 });
    assert.deepEqual(await both.keeper.rekey(), { resealed: 0, moved: 0 });
    await both.keeper.close();
    const { keeper } = await open(pair, { store, keys: keysOf(2) });
    assert.equal((await keeper.tryToken('car-3')).status, 'ok');
    assert.equal(await keeper.put('once-more', 'cars', { refreshToken: 'r-2' }), 'linked');
  });

  it('a token that was used under a key that is gone does not come back by an import', async () => {
    const store = await sharedStore();
    const rows = ['car', 'two'].map((name) => ({ name, client: 'cars', tokens: { refreshToken: name } }));
    const first = await open(pair, { store });
    await first.keeper.putMany(rows);
    await first.keeper.token('car');
    await first.keeper.put('two', 'cars', { refreshToken: 'second' });
    await first.keeper.close();
    for (const ring of [[2, 1], [2], [3, 2]]) {
      const { keeper } = await open(pair, { store, keys: keysOf(...ring) });
      await keeper.rekey();
      await keeper.bindConnections();
      await keeper.close();
    }
    const { keeper } = await open(pair, { store, keys: keysOf(3) });
    const results = await keeper.putMany(rows);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['outdated', 'outdated'],
    );
  });

  it('a row that is damaged keeps no other from its new key', async () => {
    const store = await sharedStore();
    const first = await open(pair, { store });
    for (const car of ['one', 'two', 'three']) await first.keeper.put(car, 'cars', { refreshToken: car });
    const rows = await store(systemClock);
    const damaged = await rows.find('one');
    assert.ok(damaged);
    await rows.reseal(damaged.id, damaged, {
      sealed: damaged.sealed.map((byte, at) => (at === damaged.sealed.length - 1 ? ~byte : byte)),
      lookup: Buffer.from('one'),
    });
    await first.keeper.close();
    const both = await open(pair, { store, keys: keysOf(2, 1) });
    await assert.rejects(both.keeper.rekey(), { name: 'KeeperError', code: 'value_damaged' });
    await both.keeper.close();
    const { keeper } = await open(pair, { store, keys: keysOf(2) });
    for (const car of ['two', 'three']) assert.equal((await keeper.tryToken(car)).status, 'ok');
  });
});

const clientAt = (url: string): Client => clientOf(CARS.provider, { ...CREDENTIALS, url });

describe('a URL that would carry the secret in clear', () => {
  it('is refused, but for this machine', () => {
    assert.throws(() => clientAt('http://provider.example/token'), { code: 'url_insecure' });
    for (const url of ['http://127.0.0.1:1/t', 'http://localhost/t', 'http://[::1]/t', 'https://p.example/t'])
      assert.equal(clientAt(url).provider.url, url);
  });
});
