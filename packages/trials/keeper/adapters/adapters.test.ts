import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCancel } from 'axios';
import { armFault, createGrantIn } from '@keyfob/sandbox';
import { changeGrantIn } from '../change-grant-in.ts';
import { KINDS, keptWorldFor } from '../kept-world.ts';
import type { KeptWorld, Kind } from '../kept-world.ts';
import type { Scope } from '../../support/test-directory.ts';
import { carApiFor } from './car-api.ts';
import type { CarApi } from './car-api.ts';
import { CLIENTS } from './http-clients.ts';
import type { ClientMaker, HttpClient } from './http-clients.ts';

const PATHS: Partial<Record<Kind, string>> = { pleos: '/v1/vehicles/consent' };

type Car = KeptWorld & { readonly api: CarApi; readonly send: HttpClient };

/** A car whose access token looks valid for an hour, and that the world does not know. */
const carFor = async (scope: Scope, make: ClientMaker, kind: Kind = 'smartcar'): Promise<Car> => {
  const kept = await keptWorldFor(scope, kind);
  const api = await carApiFor(scope, kept.world, PATHS[kind] ?? '/v2.0/vehicles');
  const { refreshToken } = await createGrantIn(kept.world, { client: KINDS[kind].client });
  const tokens = { accessToken: REFUSED, refreshToken, expiresIn: 3600 };
  await kept.keeper.put('car', 'cars', tokens, kind === 'pleos' ? { params: { brand: 'hyundai' } } : {});
  return { ...kept, api, send: make(kept.keeper, 'car', api.url) };
};

const REFUSED = '00000000-0000-4000-8000-000000000000';
const statuses = ({ api }: Car): readonly number[] => api.requests.map(({ status }) => status);

for (const [name, make] of Object.entries(CLIENTS))
  describe(`${name} with the token of a car`, () => {
    it('a refused token leads to one refresh, and to one more request', async (scope) => {
      const car = await carFor(scope, make);
      assert.equal((await car.send()).status, 200);
      assert.deepEqual(statuses(car), [401, 200]);
      assert.equal(car.requests().length, 1);
      assert.equal((await car.send()).status, 200);
      assert.deepEqual(statuses(car), [401, 200, 200]);
    });

    it('ten requests at once with a refused token lead to one refresh', async (scope) => {
      const car = await carFor(scope, make);
      const answers = await Promise.all(Array.from({ length: 10 }, () => car.send()));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      assert.equal(car.requests().length, 1);
    });

    it('a body is sent again as it was', async (scope) => {
      const car = await carFor(scope, make);
      const answer = await car.send({ body: '{"action":"LOCK"}' });
      assert.deepEqual(answer, { status: 200, body: { body: '{"action":"LOCK"}' } });
      assert.deepEqual(
        car.api.requests.map(({ body }) => body),
        ['{"action":"LOCK"}', '{"action":"LOCK"}'],
      );
    });

    it('a stream is not sent again, and the refusal comes back whole', async (scope) => {
      const car = await carFor(scope, make);
      const answer = await car.send({ body: '{"action":"LOCK"}', isStream: true });
      assert.equal(answer.status, 401);
      assert.ok(typeof answer.body === 'object' && answer.body !== null, String(answer.body));
      assert.deepEqual(statuses(car), [401]);
      assert.equal(car.requests().length, 0);
    });

    it('where a new token is refused too, the refusal comes back and nothing is refreshed again', async (scope) => {
      const car = await carFor(scope, make);
      car.api.refuseAll(401);
      assert.equal((await car.send()).status, 401);
      assert.equal((await car.send()).status, 401);
      assert.deepEqual(statuses(car), [401, 401, 401]);
      assert.equal(car.requests().length, 1);
    });

    it('one more request at most, even where the keeper has another token every time', async (scope) => {
      const car = await carFor(scope, make);
      let puts = 0;
      car.api.onRequest(async () => {
        if (puts === 5) return;
        puts += 1;
        const tokens = { accessToken: `other-${puts}`, refreshToken: `refresh-${puts}`, expiresIn: 3600 };
        await car.keeper.put('car', 'cars', tokens);
      });
      assert.equal((await car.send()).status, 401);
      assert.equal(puts, 2);
    });

    it('another refusal than of the token comes back as it is', async (scope) => {
      const car = await carFor(scope, make);
      for (const status of [400, 403, 500]) {
        car.api.refuseAll(status);
        const answer = await car.send({ body: '{}' });
        assert.equal(answer.status, status);
        assert.ok(typeof answer.body === 'object' && answer.body !== null);
      }
      assert.equal(car.requests().length, 0);
    });

    it('a withdrawn consent comes through as NeedsConsentError, before and after a refusal', async (scope) => {
      const car = await carFor(scope, make);
      await changeGrantIn(car, 'revoke');
      await assert.rejects(car.send(), { name: 'NeedsConsentError', cause: 'revoked', connection: 'car' });
      assert.deepEqual(statuses(car), [401]);
      await assert.rejects(car.send(), { name: 'NeedsConsentError', cause: 'revoked' });
      assert.deepEqual(statuses(car), [401]);
    });

    it('an outage of the token endpoint comes through as UnavailableError', async (scope) => {
      const car = await carFor(scope, make);
      armFault(car.world, { do: { status: 503, headers: { 'retry-after': '600' } }, times: 10 });
      await assert.rejects(car.send(), { name: 'UnavailableError', connection: 'car' });
      assert.deepEqual(statuses(car), [401]);
    });

    it('cancelling ends the wait, and never the refresh', async (scope) => {
      const car = await carFor(scope, make);
      armFault(car.world, { do: { delayMilliseconds: 200 }, on: { endpoint: 'token' } });
      const gone = new AbortController();
      const asked = car.send({ signal: gone.signal });
      while (car.requests().length === 0) await new Promise((resolve) => void setImmediate(resolve));
      gone.abort();
      await assert.rejects(asked, (error: Error) => error.name === 'AbortError' || isCancel(error));
      assert.equal((await car.send()).status, 200);
      assert.deepEqual(statuses(car), [401, 401, 200]);
      assert.equal(car.requests().length, 1);
    });

    it('knows how Pleos refuses a token', async (scope) => {
      const car = await carFor(scope, make, 'pleos');
      const answer = await car.send({ body: '{}' });
      assert.equal(answer.status, 200);
      assert.deepEqual(statuses(car), [400, 200]);
    });
  });
