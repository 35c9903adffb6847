import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { StoreError } from '../errors.ts';
import { DEFAULT_TIMING } from '../grants/timing.ts';
import { openKeeper } from '../keeper.ts';
import type { Keeper } from '../keeper.ts';
import { oauth } from '../providers/vendors.ts';
import type { KeeperOptions } from '../start/options.ts';
import { sealAnswer } from '../refresh/pair.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import type { Store } from '../stores/store.ts';
import { systemClock } from '../time.ts';
import type { Clock } from '../time.ts';
import { parseKeys } from '../vault/key-ring.ts';
import type { LogEvent } from '../refresh/engine.ts';
import type { Exchange, Transport } from '../refresh/exchange.ts';

const KEYS = parseKeys([Buffer.alloc(32, 1).toString('base64url')]);
const CARS = oauth({
  clientId: 'fleet',
  clientSecret: 'secret',
  url: 'https://provider.example/token',
  perSecondMax: 1000,
  differences: { repeats: { kind: 'overlap', seconds: 20 }, exchangeSeconds: 4 },
});
const FAST = {
  ...DEFAULT_TIMING,
  leaseMs: 100,
  scanMs: 20,
  sendAgainAtMs: [40],
  overlapMarginMs: 500,
  holdBackMs: 20,
  backoffMs: 5,
  backoffMaxMs: 20,
  storeSettleMs: 20,
};

const pairOf = (text: string): Exchange => ({
  kind: 'answered',
  status: 200,
  headers: {},
  body: JSON.stringify({ access_token: `access-${text}`, refresh_token: text, expires_in: 3600 }),
});
const REFUSED: Exchange = { kind: 'answered', status: 400, headers: {}, body: '{"error":"invalid_grant"}' };

/** A provider that answers the first request late, and has ended every pair but that one from when `isEnded` is set. */
type Provider = {
  readonly transport: Transport;
  isEnded: boolean;
  /** The late answer arrives. */
  release(): void;
};

const startProvider = (): Provider => {
  const late = Promise.withResolvers<Exchange>();
  let requests = 0;
  const provider: Provider = {
    isEnded: false,
    release: () => late.resolve(pairOf('spare')),
    async transport({ body }, { maySend }) {
      if (!(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
      requests += 1;
      if (requests === 1) return late.promise;
      const token = new URLSearchParams(body).get('refresh_token') ?? '';
      return provider.isEnded && !token.startsWith('spare') ? REFUSED : pairOf(`${token}-${requests}`);
    },
  };
  return provider;
};

type Bench = {
  readonly store: Store;
  readonly provider: Provider;
  readonly events: string[];
  open(options?: Partial<KeeperOptions>): Promise<Keeper>;
  /** Resolves when a keeper has logged such an event. */
  logged(event: LogEvent['event']): Promise<void>;
};

const benchFor = async (scope: TestContext): Promise<Bench> => {
  const store = await memoryStore()(systemClock);
  const provider = startProvider();
  const events: string[] = [];
  const keepers: Keeper[] = [];
  const seen = new Map<string, PromiseWithResolvers<void>>();
  const waiterOf = (event: string): PromiseWithResolvers<void> => {
    const waiter = seen.get(event) ?? Promise.withResolvers<void>();
    seen.set(event, waiter);
    return waiter;
  };
  scope.after(() => Promise.all(keepers.map((keeper) => keeper.close({ waitMs: 100 }))));
  return {
    store,
    provider,
    events,
    logged: (event) => waiterOf(event).promise,
    async open(options = {}) {
      const keeper = await openKeeper({
        store: async () => ({ ...store, close: async () => undefined }),
        keys: KEYS,
        clients: { cars: CARS },
        timing: FAST,
        transport: provider.transport,
        isScheduling: false,
        log: ({ event }) => waiterOf(event).resolve(),
        ...options,
      });
      keeper.on('*', ({ event }) => void events.push(event.kind));
      keepers.push(keeper);
      return keeper;
    },
  };
};

/** The real clocks, which are put forward together: so much time has passed. */
const passing = (byMs: () => number): Clock => ({
  ...systemClock,
  wallMs: () => systemClock.wallMs() + byMs(),
  monotonicMs: () => systemClock.monotonicMs() + byMs(),
});

/** Those of a process that is stopped: it finds out about nothing, and renews no lease. */
const stopped = (): Clock => {
  const [wallMs, monotonicMs] = [systemClock.wallMs(), systemClock.monotonicMs()];
  return {
    wallMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    after: () => () => undefined,
    inBackground: () => () => undefined,
  };
};

describe('the answer to an earlier send', () => {
  it('is tried before the grant is given up, also many refreshes later', async (scope) => {
    let passedMs = 0;
    const clock = passing(() => passedMs);
    const { provider, events, open, logged } = await benchFor(scope);
    const store = await memoryStore()(clock);
    const keeper = await open({ clock, store: async () => store });
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    assert.equal((await keeper.tryToken('car')).status, 'ok');
    provider.release();
    await logged('grant.recovered');
    for (let times = 0; times < 8; times++) {
      passedMs += 7_200_000;
      assert.equal((await keeper.tryToken('car')).status, 'ok');
    }
    await keeper.turn();
    provider.isEnded = true;
    passedMs += 7_200_000;
    assert.equal((await keeper.tryToken('car')).status, 'ok');
    assert.equal(events.includes('needs_consent'), false);
  });

  it('brings the grant back where the other pair was refused before it came', async (scope) => {
    const { provider, events, open } = await benchFor(scope);
    const sleeper = await open({ clock: stopped() });
    const keeper = await open();
    await sleeper.put('car', 'cars', { refreshToken: 'first' });
    const asking = sleeper.tryToken('car');
    await new Promise((resolve) => setImmediate(resolve));
    const result = await keeper.tryToken('car');
    const rejected = result.status === 'ok' ? result.accessToken : '';
    provider.isEnded = true;
    assert.equal((await keeper.tryToken('car', { rejected })).status, 'needs_consent');
    provider.release();
    assert.equal((await asking).status, 'ok');
    assert.equal((await keeper.tryToken('car')).status, 'ok');
    await keeper.turn();
    assert.deepEqual(events, ['needs_consent', 'recovered']);
  });

  for (const [name, isOpenBefore] of [
    ['before another one starts', false],
    ['while another one is open', true],
  ] as const)
    it(`is tried also where only the spool of a process has it that ends ${name}`, async (scope) => {
      const directory = mkdtempSync(join(tmpdir(), 'keeper-spool-'));
      scope.after(() => rmSync(directory, { recursive: true, force: true }));
      const { store, provider, events, open, logged } = await benchFor(scope);
      let isAway = false;
      const options: Partial<KeeperOptions> = {
        store: async () => ({
          ...store,
          spoolDirectory: directory,
          async settle(...args) {
            if (isAway) throw new StoreError('unavailable', 'the store is away');
            return store.settle(...args);
          },
          async noteEnds(...args) {
            if (isAway) throw new StoreError('unavailable', 'the store is away');
            return store.noteEnds(...args);
          },
          close: async () => undefined,
        }),
      };
      const first = await open(options);
      await first.put('car', 'cars', { refreshToken: 'first' });
      const result = await first.tryToken('car');
      const beside = isOpenBefore ? await open(options) : undefined;
      isAway = true;
      provider.release();
      await logged('answer.spooled');
      await first.close({ waitMs: 0 });
      isAway = false;
      provider.isEnded = true;
      const rejected = result.status === 'ok' ? result.accessToken : '';
      const next = beside ?? (await open(options));
      assert.equal((await next.tryToken('car', { rejected })).status, 'ok');
      assert.equal(events.includes('needs_consent'), false);
    });

  it('is kept like the answer to the last send, where the store is away and the row moves on meanwhile', async (scope) => {
    const { store, events, open, logged } = await benchFor(scope);
    let isAway = false;
    const awayOr = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      if (isAway) throw new StoreError('unavailable', 'the store is away');
      return work();
    };
    const answers = ['one', 'two'].map((name) => ({ name, late: Promise.withResolvers<Exchange>() }));
    const areSent = Promise.withResolvers<void>();
    let sends = 0;
    const first = await open({
      store: async () => ({
        ...store,
        settle: async (...args) => awayOr(async () => store.settle(...args)),
        noteEnds: async (...args) => awayOr(async () => store.noteEnds(...args)),
        renew: async (...args) => awayOr(async () => store.renew(...args)),
        close: async () => undefined,
      }),
      async transport(_request, { maySend }) {
        if (!(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
        const answer = answers[sends++];
        if (sends === answers.length) areSent.resolve();
        return answer?.late.promise ?? REFUSED;
      },
    });
    await first.put('car', 'cars', { refreshToken: 'first' });
    void first.tryToken('car', { waitMs: 1 });
    await areSent.promise;
    isAway = true;
    const second = await open({
      async transport({ body }, { maySend }) {
        if (!(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
        const token = new URLSearchParams(body).get('refresh_token') ?? '';
        return token === 'first' ? pairOf('three') : REFUSED;
      },
    });
    const result = await second.tryToken('car', { waitMs: 60_000 });
    for (const { name, late } of answers) late.resolve(pairOf(name));
    await logged('answer.spooled');
    isAway = false;
    await logged('answer.saved_late');
    const grant = await store.find('car');
    assert.equal((await store.readAnswers(grant?.id ?? '')).length, answers.length);
    const rejected = result.status === 'ok' ? result.accessToken : '';
    assert.equal((await second.tryToken('car', { rejected })).status, 'ok');
    assert.equal(events.includes('needs_consent'), false);
  });
});

describe('many answers to earlier sends', () => {
  for (const [name, living, sends] of [
    ['the newest twenty are tried, and one that lives is found', 'spare-10', 21],
    ['after twenty the grant is given up: a provider is not asked hundreds of times', undefined, 21],
  ] as const)
    it(name, async (scope) => {
      const { store, events, open } = await benchFor(scope);
      const sent: string[] = [];
      const keeper = await open({
        async transport({ body }, { maySend }) {
          if (!(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
          const token = new URLSearchParams(body).get('refresh_token') ?? '';
          sent.push(token);
          return token === living ? pairOf('next') : REFUSED;
        },
      });
      await keeper.put('car', 'cars', { refreshToken: 'first' });
      const grant = await store.find('car');
      assert.ok(grant !== undefined);
      for (let number = 0; number < 30; number++)
        for (const copy of ['one', 'two']) {
          const times = { sentAtMs: number, receivedAtMs: number };
          const body = JSON.stringify({ access_token: 'a', refresh_token: `spare-${number}`, expires_in: 1 });
          await store.noteEnds([], sealAnswer(KEYS, grant, { id: `${copy}-${number}`, body, ...times }));
        }
      const { status } = await keeper.tryToken('car', { waitMs: 60_000 });
      await keeper.turn();
      assert.equal(status, living === undefined ? 'needs_consent' : 'ok');
      assert.equal(sent.length, sends);
      assert.deepEqual(sent.slice(0, 3), ['first', 'spare-29', 'spare-28']);
      assert.deepEqual(
        events.filter((kind) => kind === 'needs_consent').length,
        living === undefined ? 1 : 0,
      );
    });
});
