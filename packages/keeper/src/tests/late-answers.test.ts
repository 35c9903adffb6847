import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Keeper } from '../keeper.ts';
import { CREDENTIALS, answered, pair, open, sharedStore } from './open-keeper.cases.ts';
import { oauth } from '../providers/vendors.ts';
import type { LogEvent } from '../refresh/engine.ts';
import type { Exchange, Transport } from '../refresh/exchange.ts';
import type { KeeperOptions } from '../start/options.ts';
import type { StoreOpener } from '../stores/store.ts';
import { systemClock } from '../time.ts';
import type { Clock } from '../time.ts';

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
