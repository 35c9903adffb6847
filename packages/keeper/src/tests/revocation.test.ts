import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DEFAULT_TIMING } from '../grants/timing.ts';
import { openKeeper } from '../keeper.ts';
import type { Keeper } from '../keeper.ts';
import { oauth } from '../providers/vendors.ts';
import type { LogEvent } from '../refresh/engine.ts';
import type { Exchange, Transport } from '../refresh/exchange.ts';
import type { KeeperOptions } from '../start/options.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import type { Revocation } from '../stores/revocations.ts';
import type { Store } from '../stores/store.ts';
import { days, systemClock } from '../time.ts';
import type { Clock, Millis } from '../time.ts';
import { parseKeys } from '../vault/key-ring.ts';

const keysOf = (...bytes: number[]): ReturnType<typeof parseKeys> =>
  parseKeys(bytes.map((byte) => Buffer.alloc(32, byte).toString('base64url')));
const answered = (status: number, body: unknown = {}): Exchange => ({
  kind: 'answered',
  status,
  headers: {},
  body: JSON.stringify(body),
});
const OFFERED = { revocationUrl: 'https://provider.example/revoke' };
const clientWith = (more: { revocationUrl?: string; clientSecret?: string | readonly string[] }) =>
  oauth({ clientId: 'fleet', clientSecret: 'secret', url: 'https://provider.example/token', ...more });

type Place = {
  readonly store: Store;
  /** The tokens that the provider was asked to revoke. */
  readonly revoked: string[];
  readonly log: LogEvent[];
  /** What the provider answers to a revocation. */
  reply: (count: number) => Exchange;
  /** A keeper on the store of all of them. */
  open(more?: Partial<KeeperOptions>): Promise<Keeper>;
  /** Moves the clock on. */
  wait(byMs: Millis): void;
  /** One turn of the schedule, and what it has started. */
  turn(more?: Partial<KeeperOptions>): Promise<void>;
};

const openPlace = async (client = clientWith(OFFERED)): Promise<Place> => {
  let byMs = 0;
  const clock: Clock = {
    ...systemClock,
    wallMs: () => systemClock.wallMs() + byMs,
    monotonicMs: () => systemClock.monotonicMs() + byMs,
  };
  const store = await memoryStore()(clock);
  const transport: Transport = async ({ body }, { maySend }) => {
    await maySend();
    place.revoked.push(new URLSearchParams(body).get('token') ?? '');
    return place.reply(place.revoked.length);
  };
  const place: Place = {
    store,
    revoked: [],
    log: [],
    reply: () => answered(200),
    open: (more = {}) =>
      openKeeper({
        store: async () => ({ ...store, close: async () => undefined }),
        keys: keysOf(1),
        clients: { cars: client },
        timing: DEFAULT_TIMING,
        isScheduling: false,
        clock,
        transport,
        log: (event) => void place.log.push(event),
        ...more,
      }),
    wait: (more) => void (byMs += more),
    async turn(more) {
      const keeper = await place.open(more);
      await keeper.turn();
      await keeper.close();
    },
  };
  return place;
};

const put = (keeper: Keeper, name: string, refreshToken: string): Promise<string> =>
  keeper.put(name, 'cars', { refreshToken, accessToken: `access of ${refreshToken}`, expiresIn: 3600 });

const endings = ({ log }: Place): readonly string[] =>
  log.flatMap((one) => (one.event === 'pair.revoked' ? [one.outcome] : []));

describe('the pair of a connection that is closed', () => {
  const answers: readonly (readonly [Exchange, string])[] = [
    [answered(200), 'revoked'],
    [answered(503), 'pending'],
    [answered(429), 'pending'],
    [answered(401, { error: 'invalid_client' }), 'pending'],
    [answered(400, { error: 'unsupported_token_type' }), 'refused'],
    [{ kind: 'unanswered', why: 'timeout' }, 'pending'],
    [{ kind: 'not_sent', why: 'ECONNREFUSED' }, 'pending'],
  ];
  for (const [exchange, result] of answers)
    it(`${'status' in exchange ? exchange.status : exchange.kind}: ${result}`, async () => {
      const place = await openPlace();
      const keeper = await place.open();
      place.reply = () => exchange;
      await put(keeper, 'car', 'old');
      assert.equal(await keeper.disconnect('car'), result);
      assert.deepEqual(place.revoked, ['old']);
      const waiting = await place.store.revocations({ limit: 10 });
      assert.deepEqual(
        waiting.map(({ name, tries }) => [name, tries]),
        result === 'pending' ? [['car', 1]] : [],
      );
    });

  it('is not revoked where the provider does not offer it, or another connection uses it', async () => {
    const place = await openPlace(clientWith({}));
    const keeper = await place.open();
    await put(keeper, 'one', 'old');
    await put(keeper, 'two', 'old');
    assert.equal(await keeper.disconnect('one'), 'shared');
    assert.equal(await keeper.disconnect('two'), 'not_offered');
    assert.equal(await keeper.disconnect('two'), undefined);
    assert.deepEqual([place.revoked, await place.store.countRevocations()], [[], {}]);
  });

  it('during a change of secrets, the next secret is tried', async () => {
    const place = await openPlace(clientWith({ ...OFFERED, clientSecret: ['new', 'old'] }));
    const keeper = await place.open();
    place.reply = (count) => answered(count === 1 ? 401 : 200);
    await put(keeper, 'car', 'old');
    assert.equal(await keeper.disconnect('car'), 'revoked');
  });

  it('is revoked by the next process where the first one was killed after it closed', async () => {
    const place = await openPlace();
    await put(await place.open(), 'car', 'old');
    await place.store.disconnect('car', { clients: ['cars'], holdMs: 60_000 });
    await place.turn();
    assert.deepEqual(place.revoked, [], 'the first process may still be at it');
    place.wait(60_000);
    await place.turn();
    assert.deepEqual([place.revoked, endings(place)], [['old'], ['http_200']]);
    await place.turn();
    assert.equal(place.revoked.length, 1);
  });

  it('is tried twelve times over days with growing pauses, and given up', async () => {
    const place = await openPlace();
    const keeper = await place.open();
    place.reply = () => answered(503);
    await put(keeper, 'car', 'old');
    await keeper.disconnect('car');
    const moments: Millis[] = [];
    for (let hours = 0; hours < 24 * 7; hours++) {
      place.wait(3_600_000);
      const before = place.revoked.length;
      await place.turn();
      if (place.revoked.length > before) moments.push(hours);
    }
    assert.equal(place.revoked.length, 12);
    assert.ok(Number(moments.at(-1)) > 72 && Number(moments.at(-1)) < 24 * 5, String(moments));
    assert.deepEqual(endings(place), ['given_up']);
    const announced = (await place.store.lastEvents(9)).map(({ event }) => event);
    assert.deepEqual(announced, [
      { kind: 'revocation_ended', connection: 'car', result: 'refused', outcome: 'given_up' },
    ]);
    assert.deepEqual(await place.store.countRevocations(), {});
  });

  it('is left alone when the connection, or its token, is put again', async () => {
    for (const [name, token] of [
      ['car', 'new'],
      ['other', 'old'],
    ] as const) {
      const place = await openPlace();
      const keeper = await place.open();
      place.reply = () => answered(503);
      await put(keeper, 'car', 'old');
      assert.equal(await keeper.disconnect('car'), 'pending');
      await put(keeper, name, token);
      place.wait(days(1));
      await place.turn();
      assert.deepEqual([place.revoked, await place.store.countRevocations()], [['old'], {}]);
    }
  });

  it('waits while a copy is quarantined', async () => {
    const place = await openPlace();
    await put(await place.open(), 'car', 'old');
    const guardFile = join(tmpdir(), `keyfob-no-guard-${process.pid}`);
    const store = async (): Promise<Store> => ({ ...place.store, guardFile, close: async () => undefined });
    const keeper = await place.open({ store });
    assert.equal(keeper.quarantine(), 'store_copied');
    assert.equal(await keeper.disconnect('car'), 'pending');
    place.wait(days(1));
    await keeper.turn();
    assert.deepEqual([place.revoked, await place.store.countRevocations()], [[], { cars: 1 }]);
  });

  it('is left to the next process where the keeper is closed meanwhile, and its caller is not kept', async () => {
    const place = await openPlace();
    const asked: { answer?: (exchange: Exchange) => void } = {};
    const transport: Transport = async ({ body }) => {
      place.revoked.push(new URLSearchParams(body).get('token') ?? '');
      return new Promise((resolve) => (asked.answer = resolve));
    };
    const timing = { ...DEFAULT_TIMING, callerWaitMs: days(1) };
    const keeper = await place.open({ transport, timing });
    await put(keeper, 'car', 'old');
    const closed = keeper.disconnect('car');
    while (asked.answer === undefined) await new Promise((resolve) => void setImmediate(resolve));
    const [{ grant }] = (await place.store.revocations({ limit: 1 })) as [Revocation];
    await keeper.close({ waitMs: 0 });
    assert.equal(await closed, 'pending');
    asked.answer(answered(200));
    assert.equal(place.revoked.length, 1);
    assert.equal(grant.state, 'closed');
  });

  it('is still revoked after the keys have changed', async () => {
    const place = await openPlace();
    const keeper = await place.open();
    place.reply = (count) => answered(count === 1 ? 503 : 200);
    await put(keeper, 'car', 'old');
    await keeper.disconnect('car');
    const changed = await place.open({ keys: keysOf(2, 1) });
    assert.equal((await changed.rekey()).resealed, 1);
    place.wait(days(1));
    await place.turn({ keys: keysOf(2) });
    assert.deepEqual(place.revoked, ['old', 'old']);
    assert.deepEqual(endings(place), ['http_200']);
  });
});

const answerLate = async (place: Place, meanwhile: (keeper: Keeper) => Promise<unknown>): Promise<void> => {
  const late: { finish?: (exchange: Exchange) => void } = {};
  const transport: Transport = async ({ url, body }, { maySend }) => {
    await maySend();
    if (url.endsWith('/token')) return new Promise((resolve) => (late.finish = resolve));
    place.revoked.push(new URLSearchParams(body).get('token') ?? '');
    return place.reply(place.revoked.length);
  };
  const keeper = await place.open({ transport });
  await keeper.put('car', 'cars', { refreshToken: 'old' });
  void keeper.tryToken('car', { waitMs: 1 });
  while (late.finish === undefined) await new Promise((resolve) => void setImmediate(resolve));
  await keeper.disconnect('car');
  await meanwhile(keeper);
  late.finish(answered(200, { access_token: 'a', refresh_token: 'late', expires_in: 60 }));
  await keeper.close();
};

describe('an answer for a connection that was closed meanwhile', () => {
  it('is stored, and revoked by whichever process runs next', async () => {
    const place = await openPlace();
    await answerLate(place, async () => undefined);
    assert.deepEqual([place.revoked, await place.store.countRevocations()], [['old'], { cars: 1 }]);
    await place.turn();
    assert.deepEqual(place.revoked, ['old', 'old', 'late']);
    assert.deepEqual(await place.store.countRevocations(), {});
  });

  it('is dropped where the connection was made again', async () => {
    const place = await openPlace();
    await answerLate(place, (keeper) => put(keeper, 'car', 'new'));
    await place.turn();
    assert.deepEqual([place.revoked, await place.store.countRevocations()], [['old'], {}]);
  });
});
