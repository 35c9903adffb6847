import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_TIMING } from '../grants/timing.ts';
import { openKeeper } from '../keeper.ts';
import type { Keeper } from '../keeper.ts';
import { oauth } from '../providers/clients.ts';
import type { Exchange } from '../refresh/exchange.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import type { StoreOpener } from '../stores/store.ts';
import { systemClock } from '../time.ts';
import { parseKeys } from '../vault/key-ring.ts';

const HOUR_MS = 3_600_000;
const REFUSED: Exchange = { kind: 'not_sent', why: 'ECONNREFUSED' };
/** An outage is one at once, and the schedule is turned by hand. */
const TIMING = { ...DEFAULT_TIMING, backoffMs: 1, backoffMaxMs: 1, outageAfterMs: 0, outageMs: 40_000 };

let made = 0;
const pair = (): Exchange => {
  made += 1;
  const body = JSON.stringify({ access_token: `a-${made}`, refresh_token: `r-${made}`, expires_in: 3600 });
  return { kind: 'answered', status: 200, headers: {}, body };
};

/** The machine's clock, and a provider that answers as `answer` says. */
const openWorld = async (answer: { with: Exchange | (() => Exchange | Promise<Exchange>) }) => {
  const state = { aheadMs: 0 };
  const sent: string[] = [];
  const clock = { ...systemClock, wallMs: () => Date.now() + state.aheadMs };
  const store = await memoryStore()(clock);
  const shared: StoreOpener = async () => ({ ...store, close: async () => undefined });
  const open = async (): Promise<Keeper> =>
    openKeeper({
      store: shared,
      keys: parseKeys([Buffer.alloc(32, 1).toString('base64url')]),
      clients: {
        cars: oauth({
          clientId: 'fleet',
          clientSecret: 'secret',
          url: 'https://provider.example/token',
          perSecondMax: 1000,
          differences: {
            repeats: { kind: 'overlap', seconds: 60 },
            lifetimes: { accessSeconds: 3600, refreshSeconds: 60 * 86_400 },
          },
        }),
      },
      clock,
      timing: TIMING,
      chance: () => 1,
      isScheduling: false,
      async transport({ body }, { maySend }) {
        sent.push(new URLSearchParams(body).get('refresh_token') ?? '');
        const now = await (typeof answer.with === 'function' ? answer.with() : answer.with);
        if (now.kind !== 'not_sent' && !(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
        return now;
      },
    });
  return { keeper: await open(), open, sent, state, store };
};

/** Callers ask for five tokens that no connection can fetch. */
const beginOutage = async ({ keeper }: { readonly keeper: Keeper }): Promise<void> => {
  for (let car = 0; car < 5; car++) {
    await keeper.put(`car-${car}`, 'cars', { refreshToken: `R-${car}` });
    await keeper.tryToken(`car-${car}`, { waitMs: 0 });
  }
};

describe('a provider that no connection reaches', () => {
  it('is left alone: callers get the moment of the next try at once, and valid tokens are served', async () => {
    const answer: Parameters<typeof openWorld>[0] = { with: REFUSED };
    const world = await openWorld(answer);
    await beginOutage(world);
    const { keeper, sent } = world;
    assert.equal(sent.length, 5);
    await keeper.put('valid', 'cars', { refreshToken: 'V', accessToken: 'still', expiresIn: 600 });
    const valid = await keeper.tryToken('valid', { minValidMs: HOUR_MS, waitMs: 60_000 });
    assert.deepEqual([valid.status, 'accessToken' in valid && valid.accessToken], ['ok', 'still']);
    const [outage] = keeper.clients().map((one) => one.outage);
    for (let times = 0; times < 20; times++) {
      const result = await keeper.tryToken(`car-${times % 5}`, { waitMs: 60_000 });
      assert.deepEqual(result, {
        status: 'unavailable',
        reason: 'provider_outage',
        retryAtMs: outage?.retryAtMs,
      });
      await keeper.turn();
    }
    assert.equal(sent.length, 5);
  });

  it('gets one canary when its pause is over, from all processes, and the next pause is longer', async () => {
    const world = await openWorld({ with: REFUSED });
    await beginOutage(world);
    const { keeper, sent, state } = world;
    const other = await world.open();
    await other.turn();
    for (const pauseMs of [40_000, 80_000]) {
      const before = sent.length;
      state.aheadMs += pauseMs + 100;
      await Promise.all(
        [keeper, other].flatMap((one) => [
          one.turn(),
          ...[0, 1, 2, 3, 4].map((car) => one.tryToken(`car-${car}`, { waitMs: 0 })),
        ]),
      );
      await keeper.turn();
      assert.equal(sent.length, before + 1);
    }
  });

  it('ends with any answer, is announced once at each end, and what waited comes slowly', async () => {
    const answer: Parameters<typeof openWorld>[0] = { with: REFUSED };
    const world = await openWorld(answer);
    const events: string[] = [];
    world.keeper.on('*', ({ event }) => void events.push(event.kind));
    await beginOutage(world);
    world.state.aheadMs += 40_100;
    answer.with = pair;
    const first = await world.keeper.tryToken('car-0', { waitMs: 30_000 });
    assert.equal(first.status, 'ok');
    const [client] = world.keeper.clients();
    assert.equal(client?.outage, undefined);
    assert.ok((client?.perSecond ?? 0) < 110);
    assert.equal((await world.keeper.tryToken('car-1', { waitMs: 30_000 })).status, 'ok');
    await world.keeper.turn();
    assert.deepEqual(events, ['client.outage', 'client.outage_ended']);
  });

  for (const [text, ended, expected, refreshed] of [
    ['gets its token where the canary is answered', pair, ['ok', 'ok', 'ok'], ['R-1', 'R-2']],
    [
      'gets the moment of the next try where it is not',
      () => REFUSED,
      ['unavailable', 'provider_outage', 'provider_outage'],
      [],
    ],
  ] as const)
    it(`who asks while a canary is out waits for it, and ${text}`, async () => {
      const answer: Parameters<typeof openWorld>[0] = { with: REFUSED };
      const world = await openWorld(answer);
      await beginOutage(world);
      const { keeper, sent, state } = world;
      state.aheadMs += 40_100;
      const canary = Promise.withResolvers<Exchange>();
      const isOut = Promise.withResolvers<void>();
      answer.with = () => {
        isOut.resolve();
        return canary.promise;
      };
      const first = keeper.tryToken('car-0', { waitMs: 60_000 });
      await isOut.promise;
      const others = [1, 2].map((car) => keeper.tryToken(`car-${car}`, { waitMs: 60_000 }));
      const waiters = new Set(['R-1', 'R-2']);
      const hasty = await keeper.tryToken('car-3', { waitMs: 0 });
      assert.equal(hasty.status, 'unavailable');
      answer.with = ended;
      canary.resolve(ended());
      const results = await Promise.all([first, ...others]);
      const [own, ...waiting] = results.map((one) =>
        one.status === 'unavailable' ? one.reason : one.status,
      );
      assert.deepEqual([own === 'ok' ? 'ok' : 'unavailable', ...waiting], expected);
      assert.deepEqual(
        sent
          .slice(6)
          .filter((token) => waiters.has(token))
          .sort(),
        refreshed,
      );
    });

  it('ends no refresh token by waiting: one that ends within the hour is tried', async () => {
    const world = await openWorld({ with: REFUSED });
    await beginOutage(world);
    const { keeper, sent, state } = world;
    await keeper.put('late', 'cars', { refreshToken: 'late', refreshExpiresIn: 7200 });
    await keeper.tryToken('late', { waitMs: 0 });
    assert.ok(!sent.includes('late'));
    // Its life is two hours: the last tenth has come, and the pause has not ended.
    const [outage] = keeper.clients().map((one) => one.outage);
    state.aheadMs += 6600_000;
    const facts = await world.store.readClient('cars');
    assert.ok(facts !== undefined && outage !== undefined);
    await world.store.writeClient(
      'cars',
      facts.version,
      { ...facts.facts, outage: { ...outage, retryAtMs: Date.now() + state.aheadMs + 300_000 } },
      [],
    );
    await keeper.turn();
    assert.deepEqual(sent.slice(5), ['late']);
  });

  it('does not hold up a token that was sent, and whose overlap goes on', async () => {
    const answer: Parameters<typeof openWorld>[0] = { with: { kind: 'unanswered', why: 'ECONNRESET' } };
    const world = await openWorld(answer);
    const { keeper, sent, state } = world;
    await keeper.put('doubtful', 'cars', { refreshToken: 'doubtful' });
    await keeper.tryToken('doubtful', { waitMs: 0 });
    assert.equal((await keeper.inspect('doubtful'))?.state, 'uncertain');
    answer.with = REFUSED;
    await beginOutage(world);
    answer.with = pair;
    state.aheadMs += 20_000;
    assert.ok((keeper.clients()[0]?.outage?.retryAtMs ?? 0) > Date.now() + state.aheadMs);
    await keeper.turn();
    assert.equal((await keeper.tryToken('doubtful', { waitMs: 30_000 })).status, 'ok');
    assert.equal(sent.filter((one) => one === 'doubtful').length, 2);
  });
});
