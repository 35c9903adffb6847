import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CREDENTIALS, CARS, answered, moved, pair, open } from './open-keeper.cases.ts';
import { pleos } from '../providers/vendors.ts';
import type { PutRow } from '../putting/put-many.ts';
import type { Exchange } from '../refresh/exchange.ts';

describe('putting pairs', () => {
  it('the same pair under two names is one grant: one refresh serves both', async () => {
    const { keeper, sent } = await open(pair);
    assert.equal(await keeper.put('one', 'cars', { refreshToken: 'r' }), 'new');
    assert.equal(await keeper.put('one', 'cars', { refreshToken: 'r' }), 'known');
    assert.equal(await keeper.put('two', 'cars', { refreshToken: 'r' }), 'linked');
    const [one, two] = await Promise.all([keeper.token('one'), keeper.token('two')]);
    assert.equal(one, two);
    assert.equal(sent.length, 1);
    assert.deepEqual((await keeper.inspect('one'))?.sharedBy, ['one', 'two']);
  });

  it('a token that was used here is outdated: an old table does not replace what is newer', async () => {
    const { keeper, sent } = await open(pair);
    await keeper.put('car', 'cars', { refreshToken: 'old' });
    const token = await keeper.token('car');
    assert.equal(await keeper.put('car', 'cars', { refreshToken: 'old' }), 'outdated');
    assert.equal(await keeper.put('again', 'cars', { refreshToken: 'old' }), 'outdated');
    assert.equal(await keeper.token('again'), token);
    assert.equal(sent.length, 1);
  });

  it('a token that was refused is dead, and its end is announced once', async () => {
    const { keeper, sent, events } = await open(() => answered(400, { error: 'invalid_grant' }));
    const old = { accessToken: 'a', refreshToken: 'R', expiresIn: 0 };
    await keeper.put('car', 'cars', old);
    await keeper.tryToken('car');
    for (const name of ['car', 'two']) {
      assert.equal(await keeper.put(name, 'cars', old), 'dead');
      const [row] = await keeper.putMany([
        { name, client: 'cars', tokens: { ...old, obtainedAtMs: Date.now() + 60_000 } },
      ]);
      assert.equal(row?.status, 'dead');
      const { status } = await keeper.tryToken(name);
      assert.equal(status, 'needs_consent');
    }
    await keeper.turn();
    assert.deepEqual([sent.length, events], [1, ['needs_consent']]);
    assert.equal(await keeper.put('car', 'cars', { refreshToken: 'new' }), 'replaced');
  });

  it('a token that the provider gave again after it was refused is tried again', async () => {
    const { keeper } = await open((_, request) =>
      request === 1 ? answered(400, { error: 'invalid_grant' }) : pair(),
    );
    await keeper.put('car', 'cars', { refreshToken: 'R' });
    await keeper.tryToken('car');
    const givenAgain = { refreshToken: 'R', obtainedAtMs: Date.now() + 60_000 };
    assert.equal(await keeper.put('car', 'cars', givenAgain), 'replaced');
    assert.equal((await keeper.tryToken('car')).status, 'ok');
  });

  it('a token that no use ends may come back where the one that replaced it was refused', async () => {
    const { keeper } = await open((body) =>
      body.includes('second')
        ? answered(400, { error: 'invalid_grant' })
        : answered(200, { access_token: 'a', expires_in: 3600 }),
    );
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    await keeper.token('car');
    assert.equal(await keeper.put('car', 'cars', { refreshToken: 'second' }), 'replaced');
    assert.equal((await keeper.tryToken('car')).status, 'needs_consent');
    assert.equal(await keeper.put('car', 'cars', { refreshToken: 'second' }), 'dead');
    assert.equal(await keeper.put('car', 'cars', { refreshToken: 'first' }), 'replaced');
    assert.equal((await keeper.tryToken('car')).status, 'ok');
  });

  it('also where the clock of the machine was wrong when it was refused: the time of a store never goes back', async () => {
    const day = { ahead: 0 };
    const clock = moved(() => day.ahead * 86_400_000);
    const { keeper } = await open(
      (_, request) => (request === 1 ? answered(400, { error: 'invalid_grant' }) : pair()),
      { clock },
    );
    await keeper.put('car', 'cars', { refreshToken: 'R' });
    day.ahead = 1;
    await keeper.tryToken('car');
    day.ahead = 0;
    const old = { refreshToken: 'R', obtainedAtMs: Date.now() - 3_600_000 };
    assert.equal(await keeper.put('car', 'cars', old), 'dead');
    const givenAgain = { refreshToken: 'R', obtainedAtMs: Date.now() + 60_000 };
    assert.equal(await keeper.put('car', 'cars', givenAgain), 'replaced');
  });

  it('a new pair for one of two names does not touch the other', async () => {
    const { keeper } = await open(pair);
    await keeper.put('one', 'cars', { refreshToken: 'shared' });
    await keeper.put('two', 'cars', { refreshToken: 'shared' });
    assert.equal(
      await keeper.put('two', 'cars', { refreshToken: 'own', accessToken: 'a', expiresIn: 3600 }),
      'new',
    );
    assert.equal(await keeper.token('two'), 'a');
    assert.deepEqual((await keeper.inspect('one'))?.sharedBy, ['one']);
  });

  it('a pair that comes while the old one is refreshed wins, and the late answer is not taken', async () => {
    const late: { finish?: (exchange: Exchange) => void } = {};
    const { keeper } = await open(() => new Promise<Exchange>((resolve) => (late.finish = resolve)));
    await keeper.put('car', 'cars', { refreshToken: 'old' });
    const asked = keeper.tryToken('car', { waitMs: 5 });
    while (late.finish === undefined) await new Promise((resolve) => void setImmediate(resolve));
    await keeper.put('car', 'cars', { refreshToken: 'new', accessToken: 'new-access', expiresIn: 3600 });
    late.finish(pair());
    await asked;
    assert.equal(await keeper.token('car'), 'new-access');
    assert.equal((await keeper.inspect('car'))?.state, 'active');
  });

  it('one token under two names is refused where it may not be shared, and names the other one', async () => {
    const { keeper } = await open(pair, { clients: { cars: CARS, trucks: CARS } });
    await keeper.put('one', 'cars', { refreshToken: 'r' });
    const shared = keeper.put('two', 'cars', { refreshToken: 'r' }, { isShared: false });
    await assert.rejects(shared, { code: 'token_shared', message: /kept already as "one"/ });
    const foreign = keeper.put('two', 'trucks', { refreshToken: 'r' });
    await assert.rejects(foreign, { code: 'token_of_other_client', message: /client "cars"/ });
    assert.equal(await keeper.inspect('two'), undefined);
    const [row, linked] = await keeper.putMany([
      { name: 'two', client: 'cars', tokens: { refreshToken: 'r' }, isShared: false },
      { name: 'three', client: 'cars', tokens: { refreshToken: 'r' } },
    ]);
    assert.equal(row?.status === 'refused' && row.code, 'token_shared');
    assert.equal(linked?.status === 'linked' && linked.sharedWith, 'one');
  });

  it('refuses what can never be kept, and says what to do', async () => {
    const { keeper } = await open(pair, { clients: { cars: CARS, kia: pleos(CREDENTIALS) } });
    const refused = [
      ['client_unknown', () => keeper.put('car', 'none', { refreshToken: 'r' })],
      ['refresh_token_missing', () => keeper.put('car', 'cars', { accessToken: 'a' })],
      ['param_missing', () => keeper.put('car', 'kia', { refreshToken: 'r' })],
      [
        'param_missing',
        () => keeper.put('car', 'kia', { refreshToken: 'r' }, { params: { brand: 'a\r\nb' } }),
      ],
      ['name_invalid', () => keeper.put('', 'cars', { refreshToken: 'r' })],
      ['name_invalid', () => keeper.put('half \ud83d', 'cars', { refreshToken: 'r' })],
      ['token_invalid', () => keeper.put('car', 'cars', { refreshToken: 'half \ud83d' })],
      ['token_invalid', () => keeper.put('car', 'cars', { refreshToken: 'a\nb' })],
    ] as const;
    for (const [code, act] of refused) await assert.rejects(act(), { name: 'KeeperError', code });
  });
});

describe('an import', () => {
  it('keeps each row by itself, refuses with a reason, and may be done again', async () => {
    const { keeper, sent } = await open(pair);
    const rows = [
      { name: 'one', client: 'cars', tokens: { refreshToken: 'r1' } },
      { name: 'two', client: 'none', tokens: { refreshToken: 'r2' } },
      { name: 'three', client: 'cars', tokens: { refreshToken: 'r1' } },
      { name: 'four', client: 'cars', tokens: {} },
      { name: 'five', client: 'cars', tokens: { refreshToken: 'r5' } },
    ];
    const first = await keeper.putMany(rows);
    assert.deepEqual(
      first.map((one) => ('code' in one ? one.code : one.status)),
      ['new', 'client_unknown', 'linked', 'refresh_token_missing', 'new'],
    );
    await keeper.token('one');
    const again = await keeper.putMany(rows);
    assert.deepEqual(
      again.map((one) => ('code' in one ? one.code : one.status)),
      ['outdated', 'client_unknown', 'outdated', 'refresh_token_missing', 'known'],
    );
    assert.equal((await keeper.counts()).connections, 3);
    assert.equal(sent.length, 1);
  });
});

const issued = (refreshToken: string, obtainedAtMs: number): PutRow => ({
  name: 'car',
  client: 'cars',
  tokens: { refreshToken, obtainedAtMs },
});

describe('the history of a table', () => {
  it('an import of it may be done again after a refresh: no earlier pair comes back', async () => {
    const { keeper, sent } = await open(pair);
    const rows = ['r1', 'r2'].map((refreshToken) => ({
      name: 'car',
      client: 'cars',
      tokens: { refreshToken },
    }));
    await keeper.putMany(rows);
    await keeper.token('car');
    const again = await keeper.putMany(rows);
    assert.deepEqual(
      again.map(({ status }) => status),
      ['outdated', 'outdated'],
    );
    assert.equal(sent.length, 1);
  });

  it('its rows may have any order where they say when a pair was issued', async () => {
    const { keeper } = await open(pair);
    const results = await keeper.putMany([issued('r2', 2000), issued('r1', 1000), issued('r3', 3000)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['new', 'outdated', 'replaced'],
    );
  });
});
