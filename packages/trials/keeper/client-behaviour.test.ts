import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { smartcar } from '@keyfob/keeper';
import { armFault } from '@keyfob/sandbox';
import type { Scope } from '../support/test-directory.ts';
import { FAST, KINDS, keptWorldFor } from './kept-world.ts';
import type { KeptWorld } from './kept-world.ts';

/** An endpoint as in RFC 7009, and what it got. */
const startRevocation = async (scope: Scope): Promise<{ readonly url: string; readonly got: string[] }> => {
  const got: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      got.push(`${request.method} ${request.headers.authorization?.split(' ')[0]} ${body}`);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/revoke`, got };
};

/** Closes a connection while the sandbox holds the answer to its refresh back. */
const disconnectMeanwhile = async (kept: KeptWorld, keeper: KeptWorld['keeper']): Promise<void> => {
  await kept.putCar('car');
  armFault(kept.world, { do: { delayMilliseconds: 500 } });
  void keeper.tryToken('car', { waitMs: 1 });
  while (kept.requests().length === 0) await new Promise((resolve) => void setImmediate(resolve));
  assert.notEqual(await keeper.disconnect('car'), undefined);
  await keeper.close();
};

describe('an answer of the sandbox for a connection that was closed meanwhile', () => {
  it('is revoked with the credentials of the client', async (scope) => {
    const kept = await keptWorldFor(scope, 'smartcar');
    const { url: revocationUrl, got } = await startRevocation(scope);
    const credentials = kept.world.clients.find(KINDS.smartcar.client);
    assert.ok(credentials);
    const { clientId, clientSecret } = credentials;
    const cars = smartcar({ clientId, clientSecret, origin: kept.world.url, revocationUrl });
    const keeper = await kept.openAnother({ clients: { cars }, isScheduling: false });
    await disconnectMeanwhile(kept, keeper);
    assert.equal(got.length, 1, 'the pair that it had');
    const next = await kept.openAnother({ clients: { cars }, isScheduling: false });
    await next.turn();
    await next.close();
    assert.equal(new Set(got).size, 2, 'and the one that came late');
    for (const request of got)
      assert.match(request, /^POST Basic token=[^&]+&token_type_hint=refresh_token$/);
    assert.ok(kept.log.some((one) => one.event === 'pair.revoked' && one.isRevoked));
  });

  it('is dropped, and that is logged, where the provider revokes nothing', async (scope) => {
    const kept = await keptWorldFor(scope, 'pleos');
    await disconnectMeanwhile(kept, await kept.openAnother({ isScheduling: false }));
    const revoked = kept.log.find((one) => one.event === 'pair.revoked');
    assert.ok(revoked?.event === 'pair.revoked' && revoked.outcome === 'not_offered');
  });
});

describe('a sandbox that asks for a pause', () => {
  it('gets one, and half of the speed after it; no car is blamed', async (scope) => {
    const kept = await keptWorldFor(scope, 'smartcar');
    for (const car of ['one', 'two']) await kept.putCar(car);
    armFault(kept.world, { do: { status: 429, headers: { 'retry-after': '1' } } });
    const answers = await Promise.all(
      ['one', 'two'].map((car) => kept.keeper.tryToken(car, { waitMs: 60_000 })),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['ok', 'ok'],
    );
    const [client] = kept.keeper.clients();
    assert.ok(client !== undefined && client.perSecond < client.perSecondMax * 0.6);
    await kept.keeper.turn();
    const kinds = kept.events.map(({ kind }) => kind);
    assert.deepEqual(
      kinds.filter((kind) => kind !== 'provider.surprise'),
      ['client.throttled'],
    );
  });
});

describe('clocks', () => {
  it('are compared with every refresh', async (scope) => {
    const kept = await keptWorldFor(scope, 'smartcar');
    await kept.putCar('car');
    await kept.keeper.token('car');
    const [client] = kept.keeper.clients();
    assert.ok(client?.skewMs !== undefined && Math.abs(client.skewMs) < FAST.minValidMs);
  });
});
