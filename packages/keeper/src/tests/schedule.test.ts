import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CREDENTIALS, CARS, FAST, pair, open, moved } from './open-keeper.cases.ts';
import { oauth } from '../providers/vendors.ts';
import { systemClock } from '../time.ts';

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
    // The plan uses eight tenths of the budget. The forecast begins a little later, so a grant may count in the next hour.
    assert.ok(Math.max(...hours) <= 0.003 * 3600, hours.join(' '));
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
