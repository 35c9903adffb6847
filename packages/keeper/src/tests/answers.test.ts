import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAST, answered, pair, open } from './open-keeper.cases.ts';
import type { Client } from '../providers/clients.ts';
import { pleos } from '../providers/vendors.ts';
import type { LogEvent } from '../refresh/engine.ts';
import type { Exchange } from '../refresh/exchange.ts';

let made = 0;

const kia = (secret: string | string[]): Client =>
  pleos({ clientId: 'c', clientSecret: secret, perSecondMax: 1000 });

const pleosPair = (): Exchange =>
  answered(200, { data: { accessToken: `a-${++made}`, refreshToken: `R${made}` } });

describe('what one answer cannot say', () => {
  const unclear = answered(400, { error: { code: '401', message: 'Unauthorized', details: [] } });
  const params = { params: { brand: 'kia' } };

  it('another car of the client is refreshed: then the grant is dead, and announced once', async () => {
    const { keeper, events } = await open((body) => (body.includes('dead') ? unclear : pleosPair()), {
      clients: { kia: kia('s') },
    });
    await keeper.put('dead', 'kia', { refreshToken: 'dead' }, params);
    await keeper.put('good', 'kia', { refreshToken: 'good' }, params);
    assert.equal((await keeper.tryToken('dead', { waitMs: 1 })).status, 'unavailable');
    assert.equal((await keeper.inspect('dead'))?.state, 'suspect');
    await keeper.token('good');
    const result = await keeper.tryToken('dead', { waitMs: 5000 });
    assert.equal(result.status, 'needs_consent');
    await keeper.turn();
    assert.equal(events.filter((kind) => kind === 'needs_consent').length, 1);
  });

  it('all cars are refused: the client is stopped, and no car is blamed', async () => {
    let isWrong = true;
    const { keeper, events } = await open(() => (isWrong ? unclear : pleosPair()), {
      clients: { kia: kia('s') },
    });
    for (let car = 0; car < 6; car++)
      await keeper.put(`car-${car}`, 'kia', { refreshToken: `R-${car}` }, params);
    for (let car = 0; car < 6; car++) await keeper.tryToken(`car-${car}`, { waitMs: 1 });
    await keeper.turn();
    assert.deepEqual(
      events.filter((kind) => kind !== 'at_risk'),
      ['client.misconfigured'],
    );
    isWrong = false;
    for (let car = 0; car < 6; car++)
      assert.equal((await keeper.tryToken(`car-${car}`, { waitMs: 8000 })).status, 'ok');
    assert.ok(!events.includes('needs_consent'));
  });

  it('a second secret is tried before anybody is blamed', async () => {
    const { keeper, sent, events } = await open((body) => (body.includes('"new"') ? pleosPair() : unclear), {
      clients: { kia: kia(['old', 'new']) },
    });
    await keeper.put('car', 'kia', { refreshToken: 'R' }, params);
    assert.equal((await keeper.tryToken('car')).status, 'ok');
    assert.equal(sent.length, 2);
    assert.deepEqual(events, []);
  });
});

const half = (accessToken: unknown, number: number): Exchange =>
  answered(200, { access_token: accessToken, refresh_token: `r-${number}`, expires_in: 3600 });

const tokenIn = (body: string): string => new URLSearchParams(body).get('refresh_token') ?? '';

describe('an answer with a refresh token, and no access token that can be used', () => {
  for (const hidden of ['secret\nsecret', 'secret\u0000', '\u007fsecret', 'secr\u00e9t', '', null, undefined])
    it(`keeps the refresh token, and asks again after a pause: ${JSON.stringify(hidden)}`, async () => {
      const log: LogEvent[] = [];
      const { keeper, sent, events } = await open((_, request) => (request > 1 ? pair() : half(hidden, 2)), {
        log: (event) => void log.push(event),
      });
      await keeper.put('car', 'cars', { refreshToken: 'r-1' });
      const { kind, reason } = await keeper.refresh('car');
      assert.deepEqual([kind, reason], ['later', 'access_token_unusable']);
      await keeper.turn();
      assert.equal((await keeper.tryToken('car', { waitMs: 5000 })).status, 'ok');
      await keeper.turn();
      assert.deepEqual(sent.map(tokenIn), ['r-1', 'r-2']);
      assert.deepEqual(events, ['at_risk', 'provider.surprise', 'recovered']);
      assert.ok(!JSON.stringify(log).includes('secret'));
    });

  it('is asked again ever more slowly where every answer is so, and the old access token is served meanwhile', async () => {
    const { keeper, sent, events } = await open((_, request) => half('', request), {
      timing: { ...FAST, backoffMs: 60_000, backoffMaxMs: 900_000 },
    });
    await keeper.put('car', 'cars', { refreshToken: 'r', accessToken: 'old', expiresIn: 20 });
    for (let times = 0; times < 5; times++) {
      const result = await keeper.tryToken('car', { minValidMs: 10_000_000, waitMs: 0 });
      assert.deepEqual([result.status, 'accessToken' in result && result.accessToken], ['ok', 'old']);
      await keeper.refresh('car');
      await keeper.turn();
    }
    const { state, failures, due, isAtRisk, refreshExpiresAtMs } = (await keeper.inspect('car')) ?? {};
    assert.deepEqual(
      [state, failures, due?.rank, isAtRisk, refreshExpiresAtMs],
      ['active', 1, 0, true, undefined],
    );
    assert.ok((due?.atMs ?? 0) > Date.now() + 20_000);
    assert.equal(sent.length, 1);
    assert.deepEqual(events, ['at_risk', 'provider.surprise']);
  });

  it('is given no pause where nobody asks: its usual time is soon enough', async () => {
    const { keeper } = await open((_, request) => half('', request));
    await keeper.put('car', 'cars', { refreshToken: 'r', refreshExpiresIn: 5_000_000 });
    assert.equal((await keeper.refresh('car')).reason, 'access_token_unusable');
    assert.equal((await keeper.inspect('car'))?.due?.rank, 2);
  });

  it('is kept by a put as well: the access token counts as missing', async () => {
    const { keeper, sent } = await open(pair);
    await keeper.put('car', 'cars', { refreshToken: 'r', accessToken: 'a\nb', expiresIn: 3600 });
    assert.ok((await keeper.token('car')).startsWith('access-'));
    assert.deepEqual(sent.map(tokenIn), ['r']);
  });
});

describe('an answer that cannot be read', () => {
  it('is stored, and the connection is at risk', async () => {
    const body = { access_token: 'a', refresh_token: { value: 'r-2' } };
    const { keeper, events } = await open(() => answered(200, body));
    await keeper.put('car', 'cars', { refreshToken: 'r' });
    assert.equal((await keeper.refresh('car')).reason, 'answer_unreadable');
    assert.equal((await keeper.inspect('car'))?.state, 'staged');
    await keeper.turn();
    assert.deepEqual(events, ['at_risk']);
  });
});

describe('a provider that behaves unlike its profile', () => {
  it('surprises once, and what was learned is used', async () => {
    const { keeper, events } = await open((body) =>
      answered(200, {
        access_token: `a-${++made}`,
        refresh_token: new URLSearchParams(body).get('refresh_token'),
        expires_in: 60,
      }),
    );
    await keeper.put('car', 'cars', { refreshToken: 'r' });
    const token = await keeper.token('car');
    await keeper.token('car', { rejected: token });
    await keeper.turn();
    assert.deepEqual(events, ['provider.surprise', 'provider.surprise']);
  });
});
