import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openKeeper } from './keeper.ts';
import { clientOf } from './providers/clients.ts';
import { oauth, pleos, smartcarV3 } from './providers/vendors.ts';
import type { Client } from './providers/clients.ts';
import type { LogEvent } from './refresh/engine.ts';
import type { Exchange, Transport } from './refresh/exchange.ts';
import { memoryStore } from './stores/sqlite/open.ts';
import type { Store, StoreOpener } from './stores/store.ts';
import { parseKeys } from './vault/key-ring.ts';
import type { Keeper } from './keeper.ts';
import type { PutRow } from './put-many.ts';
import type { KeeperOptions } from './start/options.ts';
import { DEFAULT_TIMING } from './grants/timing.ts';
import { systemClock } from './time.ts';
import type { Clock } from './time.ts';

const CREDENTIALS = { clientId: 'fleet', clientSecret: 'secret' };
const CARS = oauth({ ...CREDENTIALS, url: 'https://provider.example/token', perSecondMax: 1000 });
const keysOf = (...bytes: number[]): ReturnType<typeof parseKeys> =>
  parseKeys(bytes.map((byte) => Buffer.alloc(32, byte).toString('base64url')));
const FAST = {
  ...DEFAULT_TIMING,
  scanMs: 20,
  backoffMs: 5,
  backoffMaxMs: 20,
  suspectMs: 10,
  suspectMaxMs: 200,
  canaryMs: 30,
};

const answered = (status: number, body: unknown): Exchange => ({
  kind: 'answered',
  status,
  headers: {},
  body: JSON.stringify(body),
});
let made = 0;
const pair = (): Exchange => {
  made += 1;
  return answered(200, {
    access_token: `access-${made}`,
    refresh_token: `refresh-${made}`,
    expires_in: 3600,
  });
};

/** Opens a keeper in memory, whose provider answers as `respond` says. */
const open = async (
  respond: (body: string, request: number) => Exchange | Promise<Exchange>,
  options: Partial<KeeperOptions> = {},
): Promise<{ readonly keeper: Keeper; readonly sent: string[]; readonly events: string[] }> => {
  const sent: string[] = [];
  const events: string[] = [];
  const transport: Transport = async ({ body }, { maySend }) => {
    if (!(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
    return respond(body, sent.push(body));
  };
  const keeper = await openKeeper({
    store: memoryStore(),
    keys: keysOf(1),
    clients: { cars: CARS },
    timing: FAST,
    transport,
    isScheduling: false,
    ...options,
  });
  keeper.on('*', ({ event }) => void events.push(event.kind));
  return { keeper, sent, events };
};

/** One store that several keepers open one after the other. */
const sharedStore = async (clock: Clock = systemClock): Promise<StoreOpener> => {
  const store: Store = await memoryStore()(clock);
  return async () => ({ ...store, close: async () => undefined });
};

/** The real clock, whose wall is moved. */
const moved = (byMs: () => number) => ({ ...systemClock, wallMs: () => Date.now() + byMs() });

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

describe('what comes', () => {
  it('shows the ends of refresh tokens by day, what is due by hour, and the sends of a car', async () => {
    const { keeper } = await open(pair);
    const lifeSeconds = 10 * 86_400;
    for (const car of ['one', 'two'])
      await keeper.put(car, 'cars', { refreshToken: car, refreshExpiresIn: lifeSeconds });
    const ends = await keeper.forecastEnds();
    assert.equal(ends.steps.length, 90);
    assert.deepEqual([ends.steps[10]?.grants, ends.steps[10]?.clients, ends.overdue], [2, { cars: 2 }, 0]);
    assert.equal((await keeper.forecastDue()).steps.length, 24);
    const due = await keeper.forecastDue(240);
    const hours = due.steps.flatMap(({ grants }, hour) => Array.from({ length: grants }, () => hour));
    assert.equal(hours.length, 2);
    assert.ok(hours.every((hour) => hour >= 119 && hour < 181));
    await keeper.token('one');
    const [attempt] = await keeper.timeline('one');
    assert.deepEqual([attempt?.outcome, attempt?.status, attempt?.generation], ['usable', 200, 1]);
    assert.deepEqual(await keeper.timeline('one', { beforeMs: attempt?.sentAtMs ?? 0 }), []);
    assert.deepEqual(await keeper.timeline('none'), []);
  });
});

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

const kia = (secret: string | string[]): Client =>
  pleos({ clientId: 'c', clientSecret: secret, perSecondMax: 1000 });

describe('what one answer cannot say', () => {
  const unclear = answered(400, { error: { code: '401', message: 'Unauthorized', details: [] } });
  const params = { params: { brand: 'kia' } };
  const pleosPair = (): Exchange =>
    answered(200, { data: { accessToken: `a-${++made}`, refreshToken: `R${made}` } });

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
      const result = await keeper.tryToken('car', { waitMs: 0 });
      assert.deepEqual(
        [result.status, 'reason' in result && result.reason],
        ['unavailable', 'access_token_unusable'],
      );
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
    const result = await keeper.tryToken('car', { waitMs: 0 });
    assert.equal('reason' in result && result.reason, 'answer_unreadable');
    assert.equal((await keeper.inspect('car'))?.state, 'staged');
    await keeper.turn();
    assert.deepEqual(events, ['at_risk']);
  });
});

describe('a client that its provider slows down', () => {
  it('pauses, goes on with half of its speed, and says so', async () => {
    let requests = 0;
    const { keeper, events } = await open(() => {
      requests += 1;
      if (requests > 1) return pair();
      return { kind: 'answered', status: 429, headers: { 'retry-after': '0' }, body: '' };
    });
    await keeper.put('car', 'cars', { refreshToken: 'r' });
    assert.equal((await keeper.tryToken('car', { waitMs: 5000 })).status, 'ok');
    await keeper.turn();
    const [client] = keeper.clients();
    assert.deepEqual(events, ['client.throttled']);
    assert.ok((client?.perSecond ?? 0) >= 500 && (client?.perSecond ?? 0) < 510);
    assert.equal(client?.perSecondMax, 1000);
  });
});

describe('clocks that are far apart', () => {
  it('are measured with every exchange, reported once, and widen the margin of every token', async () => {
    let byMs = 0;
    const clock = moved(() => byMs);
    const { keeper, sent, events } = await open(
      () => ({
        kind: 'answered',
        status: 200,
        headers: { date: new Date(clock.wallMs() + 600_000).toUTCString() },
        body: JSON.stringify({ access_token: `a-${++made}`, refresh_token: `r-${made}`, expires_in: 3600 }),
      }),
      { clock },
    );
    for (let car = 0; car < 7; car++) {
      await keeper.put(`car-${car}`, 'cars', { refreshToken: `first-${car}` });
      await keeper.token(`car-${car}`);
      byMs += 11_000;
    }
    await keeper.turn();
    assert.deepEqual(events, ['client.clock_skewed']);
    const skewMs = keeper.clients()[0]?.skewMs ?? 0;
    assert.ok(skewMs > 598_000 && skewMs < 602_000, `${skewMs}`);
    byMs += 2_430_000;
    await keeper.token('car-6');
    assert.equal(sent.length, 8);
  });
});

const answerLate = async () => {
  const late: { finish?: (exchange: Exchange) => void } = {};
  const requests: string[] = [];
  const log: LogEvent[] = [];
  const transport: Transport = async ({ url, body }, { maySend }) => {
    await maySend();
    requests.push(`${new URL(url).pathname} ${body}`);
    return new Promise((resolve) => (late.finish = resolve));
  };
  const cars = oauth({
    ...CREDENTIALS,
    url: 'https://provider.example/token',
  });
  const { keeper } = await open(pair, {
    transport,
    clients: { cars },
    clock: { ...systemClock, after: (delayMs, alarm) => systemClock.after(Math.min(5, delayMs), alarm) },
    log: (event) => void log.push(event),
  });
  await keeper.put('car', 'cars', { refreshToken: 'old' });
  void keeper.tryToken('car', { waitMs: 1 });
  while (late.finish === undefined) await new Promise((resolve) => void setImmediate(resolve));
  await keeper.disconnect('car');
  late.finish(answered(200, { access_token: 'a', refresh_token: 'late', expires_in: 60 }));
  await keeper.close();
  return { requests: requests.slice(1), log: log.filter(({ event }) => event === 'pair.revoked') };
};

const LONG_MS = 10 * 60_000;

/** One keeper has sent, and no answer has come for longer than its lease and its exchange. */
const sendWithoutAnswer = async (): Promise<{
  readonly first: Keeper;
  readonly shared: Pick<KeeperOptions, 'store' | 'clock'>;
  /** The answer comes after all. Resolves when it is stored. */
  answer(): Promise<void>;
}> => {
  let byMs = 0;
  const clock: Clock = {
    ...systemClock,
    wallMs: () => systemClock.wallMs() + byMs,
    monotonicMs: () => systemClock.monotonicMs() + byMs,
  };
  const shared = { store: await sharedStore(clock), clock };
  const late: { finish?: (exchange: Exchange) => void } = {};
  const { keeper: first } = await open(() => new Promise((resolve) => (late.finish = resolve)), shared);
  await first.put('car', 'cars', { refreshToken: 'old' });
  await first.tryToken('car', { waitMs: 1 });
  while (late.finish === undefined) await new Promise((resolve) => void setImmediate(resolve));
  byMs = LONG_MS;
  return {
    first,
    shared,
    async answer() {
      late.finish?.(pair());
      await first.token('car');
    },
  };
};

describe('an answer that another process brings while a connection is made', () => {
  it('a lease that it has ended sends nothing, however young it is', async () => {
    const { first, shared, answer } = await sendWithoutAnswer();
    const allowed: boolean[] = [];
    const transport: Transport = async (_request, { maySend }) => {
      await answer();
      allowed.push(await maySend());
      return { kind: 'not_sent', why: 'lease_lost' };
    };
    const { keeper: second, events } = await open(pair, { ...shared, transport });
    assert.equal(await second.token('car'), await first.token('car'));
    assert.deepEqual(allowed, [false]);
    assert.deepEqual(events, []);
  });

  it('a stop while the store is asked does not count as an answer of now', async () => {
    const { first, shared, answer } = await sendWithoutAnswer();
    const allowed: boolean[] = [];
    let stop: (() => Promise<void>) | undefined;
    let stoppedMs = 0;
    const store: StoreOpener = async (clock) => {
      const opened = await shared.store(clock);
      return {
        ...opened,
        async read(id) {
          const row = await opened.read(id);
          const meanwhile = stop;
          stop = undefined;
          await meanwhile?.();
          return row;
        },
      };
    };
    const clock: Clock = {
      ...systemClock,
      ...shared.clock,
      monotonicMs: () => (shared.clock ?? systemClock).monotonicMs() + stoppedMs,
    };
    const transport: Transport = async (_request, { maySend }) => {
      stop = async () => {
        stoppedMs = 3000;
        await answer();
      };
      allowed.push(await maySend());
      return { kind: 'not_sent', why: 'lease_lost' };
    };
    const { keeper: second } = await open(pair, { store, clock, transport });
    assert.equal(await second.token('car'), await first.token('car'));
    assert.deepEqual(allowed, [false]);
  });
});

describe('an answer for a connection that was closed meanwhile', () => {
  it('is dropped and logged where the provider revokes nothing', async () => {
    const { requests, log } = await answerLate();
    assert.deepEqual(requests, []);
    assert.ok(
      log.length > 0 && log.every((one) => one.event === 'pair.revoked' && one.outcome === 'not_offered'),
    );
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

describe('more that is due in one hour than a client may send', () => {
  it('is made due earlier, until no hour has too much; nothing is lost or made later', async () => {
    const nowMs = Date.UTC(2026, 0, 1);
    const slow = oauth({ ...CREDENTIALS, url: CARS.provider.url, perSecondMax: 0.003 });
    const clock = { ...systemClock, wallMs: () => nowMs };
    const { keeper } = await open(pair, { clock, clients: { cars: slow } });
    // Half of a life is 20 hours away, and three quarters of it 30: twenty an hour, where the budget has room for eight.
    const cars = Array.from({ length: 200 }, (_, car) => ({
      name: `car-${car}`,
      client: 'cars',
      tokens: { refreshToken: `r-${car}`, refreshExpiresIn: 40 * 3600 },
    }));
    await keeper.putMany(cars);
    const dueOf = async (): Promise<ReadonlyMap<string, number>> =>
      new Map((await keeper.list({ limit: 1000 })).map(({ name, due }) => [name, due?.atMs ?? 0]));
    const before = await dueOf();
    await keeper.turn();
    const after = await dueOf();
    const { steps, overdue } = await keeper.forecastDue(40);
    const hours = steps.map(({ grants }) => grants);
    assert.ok(Math.max(...hours) <= 0.003 * 3600 * 0.8, hours.join(' '));
    assert.deepEqual([hours.reduce((one, other) => one + other, 0), overdue], [200, 0]);
    assert.ok([...after].every(([name, atMs]) => atMs <= (before.get(name) ?? 0) && atMs >= nowMs));
  });
});

describe('what nobody asks for', () => {
  it('an asked car is refreshed before its access token ends; an idle one only for its refresh token', async () => {
    let byMs = 0;
    const { keeper, sent } = await open(pair, { clock: moved(() => byMs) });
    await keeper.put('asked', 'cars', { refreshToken: 'r1', accessToken: 'a1', expiresIn: 3600 });
    await keeper.put('idle', 'cars', {
      refreshToken: 'r2',
      accessToken: 'a2',
      expiresIn: 3600,
      refreshExpiresIn: 86_400,
    });
    await keeper.token('asked');
    await keeper.turn();
    byMs = 3_100_000;
    await keeper.turn();
    while (sent.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    assert.deepEqual(sent.length, 1);
    byMs = 70_000_000;
    await keeper.turn();
    while (sent.length === 1) await new Promise((resolve) => void setImmediate(resolve));
    assert.match(sent[1] ?? '', /r2|refresh-/);
  });

  it('a refresh token that cannot be refreshed is announced 14, 7, 3 and 1 days before its end', async () => {
    let byMs = 0;
    const { keeper, events } = await open(() => ({ kind: 'not_sent', why: 'ECONNREFUSED' }), {
      clock: moved(() => byMs),
      timing: { ...FAST, backoffMaxMs: 5 },
    });
    await keeper.put('car', 'cars', { refreshToken: 'r', refreshExpiresIn: 60 * 86_400 });
    for (const day of [10, 46.5, 47, 53.5, 57.5, 59.5, 59.6]) {
      byMs = day * 86_400_000;
      await keeper.turn();
      await keeper.turn();
    }
    assert.deepEqual(
      events.filter((kind) => kind === 'expiring'),
      ['expiring', 'expiring', 'expiring', 'expiring'],
    );
  });
});
