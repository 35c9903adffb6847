import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { describe, it } from 'node:test';
import type { Scope } from '../support/test-directory.ts';
import { FAST, KINDS, clientFor, keptWorldFor } from './kept-world.ts';

const CARS = 30;
/** A tenth of its budget, which grows by the minute. */
const SLOW_PER_SECOND_MAX = 500;

/** A door to a server on this machine, which can be shut: then connections are refused, as by a machine that is down. */
const openDoor = async (scope: Scope, url: string) => {
  const { hostname, port } = new URL(url);
  const listen = async (at: number): Promise<Server> => {
    const server = createServer((socket) => {
      const behind = connect(Number(port), hostname);
      socket.on('error', () => behind.destroy());
      behind.on('error', () => socket.destroy());
      socket.pipe(behind).pipe(socket);
    }).listen(at, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server = await listen(0);
  const at = (server.address() as AddressInfo).port;
  scope.after(() => void server.close());
  return {
    origin: `http://127.0.0.1:${at}`,
    shut: () => new Promise<void>((resolve) => void server.close(() => resolve())),
    async open() {
      server = await listen(at);
    },
  };
};

describe('a provider whose machine is down', () => {
  it('is tried by one car at a time, callers do not wait, and every car works when it is back', async (scope) => {
    const kept = await keptWorldFor(scope, 'smartcar');
    const { world } = kept;
    const path = new URL(world.url).pathname.replace(/\/$/, '');
    const door = await openDoor(scope, world.url);
    const right = world.clients.find(KINDS.smartcar.client);
    const { clientId = '', clientSecret = '' } = right ?? {};
    for (let car = 0; car < CARS; car++) await kept.putCar(`car-${car}`);
    await kept.keeper.close();
    await door.shut();
    const keeper = await kept.openAnother({
      clients: { cars: clientFor('smartcar', door.origin + path, { clientId, clientSecret }) },
      timing: { ...FAST, outageMs: 2000, outageMaxMs: 2000 },
    });
    const outage = new Promise<void>((resolve) => void keeper.on('client.outage', () => resolve()));
    const ended = new Promise<void>((resolve) => void keeper.on('client.outage_ended', () => resolve()));
    const ask = async (car: number): Promise<string> => {
      const result = await keeper.tryToken(`car-${car}`, { waitMs: 60_000 });
      return result.status === 'unavailable' ? result.reason : result.status;
    };
    const asked = Array.from({ length: CARS }, (_, car) => ask(car));
    await outage;
    // Those that were waiting are answered, and so is everybody who asks now.
    assert.deepEqual([...new Set(await Promise.all(asked))], ['provider_outage']);
    const before = kept.log.filter(({ event }) => event === 'refresh.ended').length;
    const again = await Promise.all(Array.from({ length: CARS }, (_, car) => ask(car)));
    assert.deepEqual([...new Set(again)], ['provider_outage']);
    const canaries = kept.log.filter(({ event }) => event === 'refresh.ended').length - before;
    assert.ok(canaries <= 1, `${canaries} were sent`);
    await door.open();
    await ended;
    assert.ok((keeper.clients()[0]?.perSecond ?? 0) <= SLOW_PER_SECOND_MAX);
    for (let car = 0; car < CARS; car++) for (let status = ''; status !== 'ok';) status = await ask(car);
    const kinds = kept.log.flatMap((one) => (one.event === 'grant.died' ? one.cause : []));
    assert.deepEqual(kinds, []);
  });
});
