import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { CARS, CREDENTIALS, FAST, answered, keysOf, open, pair } from './open-keeper.cases.ts';
import { StoreError } from '../errors.ts';
import type { Grant } from '../grants/grant.ts';
import { openKeeper } from '../keeper.ts';
import { oauth, pleos } from '../providers/vendors.ts';
import { ownerName } from '../refresh/owner.ts';
import { sealAnswer } from '../refresh/pair.ts';
import { openSpool } from '../refresh/spool.ts';
import type { KeeperOptions } from '../start/options.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import type { Store, StoredAnswer } from '../stores/store.ts';
import { systemClock } from '../time.ts';

const KEYS = keysOf(1);
const REFUSED = answered(400, { error: 'invalid_grant' });
const PAIR = { access_token: 'access', refresh_token: 'spare', expires_in: 3600 };

const tokenIn = (body: string): string => new URLSearchParams(body).get('refresh_token') ?? '';

const pleosPair = (name: string): unknown => ({ data: { accessToken: 'a', refreshToken: name } });

/** The answer to another send of a grant. */
const spareOf = (
  grant: Grant,
  { generation, body = PAIR }: { generation: number; body?: unknown },
): StoredAnswer =>
  sealAnswer(
    KEYS,
    { ...grant, generation },
    { id: `spare-${generation}`, body: JSON.stringify(body), sentAtMs: 1, receivedAtMs: 2 },
  );

const rowOf = async (store: Store, name = 'car'): Promise<Grant> => {
  const grant = await store.find(name);
  assert.ok(grant !== undefined);
  return grant;
};

/** A store, and what opens it without closing it. */
const storeFor = async (more: (store: Store) => Partial<Store> = () => ({})) => {
  const store = await memoryStore()(systemClock);
  const opener = async (): Promise<Store> => ({ ...store, ...more(store), close: async () => undefined });
  return { store, opener };
};

describe('a spare', () => {
  it('is never a token that was sent already', async () => {
    let isUnknown = false;
    const saved = Promise.withResolvers<void>();
    const { opener } = await storeFor((store) => ({
      async settle(...args) {
        const settled = await store.settle(...args);
        if (!isUnknown) return settled;
        isUnknown = false;
        throw new StoreError('outcome_unknown', 'the connection ended after the commit');
      },
    }));
    let isEnded = false;
    const { keeper, sent } = await open(() => (isEnded ? REFUSED : pair()), {
      store: opener,
      log: ({ event }) => {
        if (event === 'answer.saved_late') saved.resolve();
      },
    });
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    isUnknown = true;
    await keeper.refresh('car');
    await saved.promise;
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
    isEnded = true;
    await keeper.refresh('car');
    assert.equal((await keeper.inspect('car'))?.state, 'dead');
    assert.equal(new Set(sent.map(tokenIn)).size, 3);
    await keeper.close();
  });

  it('that comes between the last look and the death is used', async () => {
    const { opener } = await storeFor((store) => ({
      async settle(id, seen, settlement) {
        const grant = settlement.change.state === 'dead' ? await store.read(id) : undefined;
        if (grant !== undefined) await store.noteEnds([], spareOf(grant, { generation: 0 }));
        return store.settle(id, seen, settlement);
      },
    }));
    const { keeper } = await open((body) => (tokenIn(body) === 'spare' ? pair() : REFUSED), {
      store: opener,
    });
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
    assert.equal((await keeper.inspect('car'))?.state, 'active');
    await keeper.close();
  });

  it('is tried also where only the other grants show that the token is dead', async () => {
    const { store, opener } = await storeFor();
    const unclear = answered(400, { error: { code: '401', message: 'Unauthorized', details: [] } });
    let made = 0;
    const { keeper, events } = await open(
      (body) => (body.includes('dead') ? unclear : answered(200, pleosPair(`R${++made}`))),
      { store: opener, clients: { kia: pleos({ ...CREDENTIALS, perSecondMax: 1000 }) } },
    );
    const params = { params: { brand: 'kia' } };
    await keeper.put('dead', 'kia', { refreshToken: 'dead' }, params);
    await keeper.put('good', 'kia', { refreshToken: 'good' }, params);
    await store.noteEnds(
      [],
      spareOf(await rowOf(store, 'dead'), { generation: 0, body: pleosPair('living') }),
    );
    assert.equal((await keeper.tryToken('dead', { waitMs: 1 })).status, 'unavailable');
    await keeper.token('good');
    assert.equal((await keeper.tryToken('dead', { waitMs: 5000 })).status, 'ok');
    await keeper.turn();
    assert.equal(events.includes('needs_consent'), false);
    await keeper.close();
  });

  it('is tried although an answer beside it cannot be opened, which stays', async () => {
    const { store, opener } = await storeFor();
    const { keeper } = await open((body) => (tokenIn(body) === 'spare' ? pair() : REFUSED), {
      store: opener,
    });
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    const grant = await rowOf(store);
    const damaged = { ...spareOf(grant, { generation: 0 }), id: 'damaged', generation: -1 };
    await store.noteEnds([], damaged);
    await store.noteEnds([], spareOf(grant, { generation: 0 }));
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
    assert.deepEqual(
      (await store.readAnswers(grant.id)).map(({ id }) => id),
      ['damaged'],
    );
    await keeper.close();
  });

  it('that the store cannot read now is an outage for its caller, and tried when the store is back', async () => {
    let isAway = true;
    const { store, opener } = await storeFor((inner) => ({
      async readAnswers(id) {
        if (isAway) throw new StoreError('unavailable', 'the store is away');
        return inner.readAnswers(id);
      },
    }));
    const { keeper, events } = await open((body) => (tokenIn(body) === 'spare' ? pair() : REFUSED), {
      store: opener,
    });
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    await store.noteEnds([], spareOf(await rowOf(store), { generation: 0 }));
    const away = await keeper.tryToken('car');
    assert.deepEqual([away.status, 'reason' in away && away.reason], ['unavailable', 'store_unavailable']);
    assert.equal((await keeper.inspect('car'))?.state, 'inflight');
    isAway = false;
    await store.settle((await rowOf(store)).id, await rowOf(store), {
      change: { ...(await rowOf(store)), state: 'uncertain', due: undefined },
      ended: [],
      events: [],
    });
    assert.equal((await keeper.tryToken('car')).status, 'ok');
    await keeper.turn();
    assert.equal(events.includes('needs_consent'), false);
    await keeper.close();
  });

  it('brings a dead grant back where a process kept it, and ended before it used it', async () => {
    const { store, opener } = await storeFor();
    const { keeper, events } = await open((body) => (tokenIn(body) === 'spare' ? pair() : REFUSED), {
      store: opener,
    });
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    await keeper.refresh('car');
    assert.equal((await keeper.inspect('car'))?.state, 'dead');
    await keeper.close();
    await store.noteEnds([], spareOf(await rowOf(store), { generation: 0 }));
    const next = await open((body) => (tokenIn(body) === 'spare' ? pair() : REFUSED), { store: opener });
    await next.keeper.turn();
    assert.equal((await next.keeper.inspect('car'))?.state, 'active');
    assert.equal((await next.keeper.refresh('car')).kind, 'refreshed');
    await next.keeper.turn();
    assert.deepEqual([...events, ...next.events], ['needs_consent', 'recovered']);
    await next.keeper.close();
  });

  it('may be of a generation that a restored store has lost', async () => {
    const { store, opener } = await storeFor();
    const { keeper } = await open((body) => (tokenIn(body) === 'spare' ? pair() : REFUSED), {
      store: opener,
    });
    await keeper.put('car', 'cars', { refreshToken: 'first' });
    await store.noteEnds([], spareOf(await rowOf(store), { generation: 5 }));
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
    await keeper.close();
  });
});

const numbered = (): (() => string) => {
  let made = 0;
  return () => `id-${++made}`;
};

describe('a store that loses its newest transactions during a refresh', () => {
  it('takes the pair into its row, so that the used token before it is not sent again', async () => {
    const [newer, older] = [await memoryStore()(systemClock), await memoryStore()(systemClock)];
    for (const store of [newer, older]) {
      const { keeper } = await open(pair, {
        store: async () => ({ ...store, close: async () => undefined }),
        newId: numbered(),
      });
      await keeper.put('car', 'cars', { refreshToken: 'first' });
      await keeper.close();
    }
    let now = newer;
    const { keeper, sent } = await open(
      (_, request) => {
        if (request === 2) now = older;
        return pair();
      },
      {
        store: async () => ({
          ...newer,
          find: async (...args) => now.find(...args),
          read: async (...args) => now.read(...args),
          claim: async (...args) => now.claim(...args),
          settle: async (...args) => now.settle(...args),
          wasSent: async (...args) => now.wasSent(...args),
          close: async () => undefined,
        }),
      },
    );
    await keeper.refresh('car');
    await keeper.refresh('car');
    assert.equal(now, older);
    await keeper.refresh('car');
    const tokens = sent.map(tokenIn);
    assert.equal(tokens.length, 3);
    assert.equal(new Set(tokens).size, 3);
    await keeper.close();
  });
});

/** The name of a process of this machine that has ended. */
const goneOwner = (): string => ownerName('gone').split('|').with(2, '1').join('|');

/** A connection that was refreshed once, whose provider accepts nothing after `first`, and a spool beside its store. */
const spoolWorld = async (scope: TestContext) => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-spool-'));
  scope.after(() => rmSync(directory, { recursive: true, force: true }));
  const { store, opener } = await storeFor(() => ({ spoolDirectory: directory }));
  const sent: string[] = [];
  const start = async (more: Partial<KeeperOptions> = {}) =>
    openKeeper({
      store: opener,
      keys: KEYS,
      clients: { cars: CARS },
      timing: FAST,
      isScheduling: false,
      async transport({ body }, { maySend }) {
        if (!(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
        sent.push(tokenIn(body));
        return sent.at(-1) === 'first' ? pair() : REFUSED;
      },
      ...more,
    });
  const first = await start();
  await first.put('car', 'cars', { refreshToken: 'first' });
  await first.refresh('car');
  await first.close();
  return {
    store,
    sent,
    start,
    leave: (answer: StoredAnswer): void => openSpool(directory, goneOwner()).write(answer),
  };
};

describe('what a process that has ended left in its spool', () => {
  it('stays there while its client is missing', async (scope) => {
    const { store, start, leave } = await spoolWorld(scope);
    leave(spareOf(await rowOf(store), { generation: 1 }));
    const other = oauth({ ...CREDENTIALS, url: 'https://other.example/token' });
    await (await start({ clients: { other } })).close();
    await (await start()).close();
    const { id } = await rowOf(store);
    assert.deepEqual(
      (await store.readAnswers(id)).map((one) => one.id),
      ['spare-1'],
    );
  });

  it('brings a dead grant back also where another start stored it, and ended before it was used', async (scope) => {
    const { store, sent, start, leave } = await spoolWorld(scope);
    const keeper = await start();
    await keeper.refresh('car');
    await keeper.close();
    const grant = await rowOf(store);
    assert.equal(grant.state, 'dead');
    const [attempt] = (await store.attempts(grant.id, 9)).slice(-1);
    assert.ok(attempt !== undefined);
    const { id, sentAtMs } = attempt;
    const spare = { ...spareOf(grant, { generation: 1 }), id, sentAtMs };
    leave(spare);
    await store.noteEnds([], spare);
    const next = await start();
    assert.equal((await next.inspect('car'))?.state, 'active');
    await next.refresh('car');
    assert.deepEqual(sent.slice(-1), ['spare']);
    await next.close();
    const last = await start();
    assert.equal((await last.inspect('car'))?.state, 'dead', 'its token was sent');
    await last.close();
  });
});
