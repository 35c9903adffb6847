import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pair, open, moved } from './open-keeper.cases.ts';

let made = 0;

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
