import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CREDENTIALS, CARS, FAST, answered, pair, open, sharedStore, moved } from './open-keeper.cases.ts';
import { clientOf } from '../providers/clients.ts';
import type { Client } from '../providers/clients.ts';
import { oauth, smartcarV3 } from '../providers/vendors.ts';
import type { Exchange } from '../refresh/exchange.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import { systemClock } from '../time.ts';

let made = 0;

describe('asking', () => {
  it('an unknown name needs consent; a closed one too', async () => {
    const { keeper } = await open(pair);
    assert.deepEqual(await keeper.tryToken('car'), {
      status: 'needs_consent',
      cause: 'not_connected',
      sinceMs: 0,
    });
    await keeper.put('car', 'cars', { refreshToken: 'r' });
    assert.equal(await keeper.disconnect('car'), 'not_offered');
    assert.equal(await keeper.disconnect('car'), undefined);
    await assert.rejects(keeper.token('car'), { name: 'NeedsConsentError', cause: 'not_connected' });
  });

  it('during an outage the old token is served while it is valid, and marked', async () => {
    const { keeper, events } = await open(() => ({ kind: 'not_sent', why: 'ECONNREFUSED' }));
    await keeper.put('car', 'cars', { refreshToken: 'r', accessToken: 'a', expiresIn: 3600 });
    const result = await keeper.tryToken('car', { minValidMs: 1_800_000, waitMs: 50 });
    assert.equal(result.status, 'ok');
    const obtainedAtMs = Date.now() - 1_800_001;
    await keeper.put('half', 'cars', { refreshToken: 'h', accessToken: 'a', expiresIn: 3600, obtainedAtMs });
    const half = await keeper.tryToken('half', { minValidMs: 3_600_000, waitMs: 50 });
    assert.deepEqual([half.status, 'isStale' in half && half.isStale], ['ok', true]);
    await keeper.put('over', 'cars', { refreshToken: 'o' });
    const over = await keeper.tryToken('over', { waitMs: 20 });
    assert.deepEqual([over.status, 'reason' in over && over.reason], ['unavailable', 'provider_unreachable']);
    assert.deepEqual(events, []);
  });

  it('a client that is not configured any more ends no grant', async () => {
    const store = await sharedStore();
    const first = await open(pair, { store });
    await first.keeper.put('car', 'cars', { refreshToken: 'r' });
    await first.keeper.close();
    const { keeper } = await open(pair, { store, clients: { other: CARS } });
    const result = await keeper.tryToken('car', { waitMs: 20 });
    assert.deepEqual(
      [result.status, 'reason' in result && result.reason],
      ['unavailable', 'client_not_configured'],
    );
  });

  it('a refused access token leads to one refresh, and not to a storm', async () => {
    const { keeper, sent } = await open(pair);
    await keeper.put('car', 'cars', { refreshToken: 'r' });
    const first = await keeper.token('car');
    const answers = await Promise.all([1, 2, 3].map(() => keeper.token('car', { rejected: first })));
    assert.equal(new Set(answers).size, 1);
    const second = answers[0] ?? '';
    assert.equal(await keeper.token('car', { rejected: first }), second);
    await assert.rejects(keeper.token('car', { rejected: second }), { reason: 'refused_too_often' });
    assert.equal(sent.length, 2);
  });

  it('a pair that another process has fetched meanwhile is used, and not refreshed again', async () => {
    const store = await memoryStore()(systemClock);
    const first = await open(pair, { store: async () => ({ ...store, close: async () => undefined }) });
    await first.keeper.put('car', 'cars', { refreshToken: 'r' });
    const before = await store.find('car');
    const token = await first.keeper.token('car');
    let isFirstLook = true;
    const find = async (name: string) => {
      const found = isFirstLook ? before : await store.find(name);
      isFirstLook = false;
      return found;
    };
    const second = await open(pair, { store: async () => ({ ...store, find }) });
    assert.equal(await second.keeper.token('car'), token);
    assert.deepEqual([second.sent.length, isFirstLook], [0, false]);
  });

  it('during an outage, callers get their answer at once, and use up no budget', async () => {
    const slow = oauth({ ...CREDENTIALS, url: CARS.provider.url, perSecondMax: 0.1 });
    const { keeper, sent } = await open(() => ({ kind: 'not_sent', why: 'ECONNREFUSED' }), {
      clients: { cars: slow },
      timing: { ...FAST, backoffMs: 60_000, backoffMaxMs: 60_000 },
    });
    await keeper.put('car', 'cars', { refreshToken: 'r' });
    for (let ask = 0; ask < 20; ask++) {
      const answer = await keeper.tryToken('car');
      assert.equal(answer.status, 'unavailable');
      assert.ok('retryAtMs' in answer && answer.retryAtMs > Date.now() + 20_000);
    }
    assert.equal(sent.length, 1);
  });

  it('closing waits for the answer that is on its way', async () => {
    const late: { finish?: (exchange: Exchange) => void } = {};
    const store = await sharedStore();
    const { keeper } = await open(() => new Promise<Exchange>((resolve) => (late.finish = resolve)), {
      store,
    });
    await keeper.put('car', 'cars', { refreshToken: 'r' });
    void keeper.tryToken('car', { waitMs: 1 });
    while (late.finish === undefined) await new Promise((resolve) => void setImmediate(resolve));
    const closing = keeper.close();
    late.finish(answered(200, { access_token: 'kept', refresh_token: 'next', expires_in: 3600 }));
    await closing;
    const again = await open(pair, { store });
    assert.equal(await again.keeper.token('car'), 'kept');
  });
});

describe('an answer that was stored and not taken', () => {
  it('is taken when somebody asks, and refreshed at once where its access token has ended', async () => {
    let byMs = 0;
    const clock = moved(() => byMs);
    const store = await sharedStore(clock);
    const page = answered(200, ['access', 'h']);
    const first = await open(() => page, { store, clock });
    await first.keeper.put('car', 'cars', { refreshToken: 'r' });
    assert.equal((await first.keeper.tryToken('car', { waitMs: 1 })).status, 'unavailable');
    assert.equal((await first.keeper.inspect('car'))?.state, 'staged');
    await first.keeper.close();
    // Somebody has corrected the profile: the same answer can be read now.
    const profile = { ...CARS.provider, answer: { accessToken: '0', refreshToken: '1' } };
    const corrected = clientOf(profile, { ...CREDENTIALS, url: profile.url });
    byMs = 7_200_000;
    const again = await open(() => answered(200, ['next-access', 'next-refresh']), {
      store,
      clock,
      clients: { cars: corrected },
    });
    assert.equal(await again.keeper.token('car'), 'next-access');
    assert.match(again.sent[0] ?? '', /refresh_token=h/);
  });
});

describe('client credentials', () => {
  it('all cars of an application share one token, which is fetched again', async () => {
    const app: Client = smartcarV3(CREDENTIALS);
    const { keeper, sent } = await open(
      () => answered(200, { access_token: `app-${++made}`, expires_in: 3600 }),
      {
        clients: { app },
      },
    );
    assert.equal(await keeper.put('car-1', 'app', {}), 'new');
    assert.equal(await keeper.put('car-2', 'app', {}), 'linked');
    const token = await keeper.token('car-1');
    assert.equal(await keeper.token('car-2'), token);
    assert.match(sent[0] ?? '', /^grant_type=client_credentials$/);
    assert.notEqual(await keeper.token('car-2', { rejected: token }), token);
    assert.equal(sent.length, 2);
  });
});
