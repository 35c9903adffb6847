import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createHttpVehicleSource } from './http-vehicle-source.ts';
import { createOwnerVehicles } from './owner-vehicles.ts';
import { VehicleSourceError } from './vehicle-source.ts';

const serve = async (t: TestContext, listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/vehicles?platform=1`;
};

const VEHICLE = {
  id: '9E2C0502-36CD-5F62-A987-A4B4DDE6D189',
  vin: 'KMHKM81A0RU104217',
  make: 'HYUNDAI',
  model: 'IONIQ 5',
  year: 2024,
};
const OTHER = { ...VEHICLE, id: '431df679-8708-5209-8aff-c32138260bf1', vin: 'KNDC3DLC9P5091462' };
const answer =
  (body: unknown, status = 200): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));

describe('The vehicle service', () => {
  test('is asked with the subject and the token, and its answer is read', async (t) => {
    const seen: unknown[] = [];
    const url = await serve(t, (request, response) => {
      seen.push(request.url, request.headers.authorization);
      answer({
        vehicles: [VEHICLE, { ...OTHER, nickname: 'Blue', powertrain: 'EV', color: 'red' }],
        more: 1,
      })(request, response);
    });
    const { vehicles, leftOut } = await createHttpVehicleSource({ url, token: 'tok' }).list('owner & 1');
    assert.deepEqual(seen, ['/vehicles?platform=1&subject=owner+%26+1', 'Bearer tok']);
    assert.deepEqual(vehicles[0], {
      ...VEHICLE,
      id: VEHICLE.id.toLowerCase(),
      make: 'hyundai',
      nickname: '',
      powertrain: 'UNKNOWN',
    });
    assert.equal(vehicles[1]?.nickname, 'Blue');
    assert.deepEqual(leftOut, []);
  });

  test('hides no vehicle because of another: bad entries are left out, with their positions', async (t) => {
    const given = [
      { ...VEHICLE, nickname: null },
      { ...VEHICLE, year: {} },
      null,
      { ...OTHER, powertrain: 'PHEV' },
    ];
    const url = await serve(t, answer({ vehicles: given }));
    const { vehicles, leftOut } = await createHttpVehicleSource({ url, token: 'tok' }).list('owner-1');
    assert.deepEqual(
      vehicles.map(({ vin, powertrain }) => [vin, powertrain]),
      [VEHICLE, OTHER].map(({ vin }) => [vin, 'UNKNOWN']),
    );
    assert.deepEqual(leftOut, [
      { index: 1, cause: 'year' },
      { index: 2, cause: 'object' },
    ]);
  });

  test('may list 200 vehicles; further ones are left out', async (t) => {
    const many = Array.from({ length: 202 }, (_, at) => ({
      ...VEHICLE,
      id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
      vin: `KMHKM81A0RU${String(at).padStart(6, '0')}`,
    }));
    const url = await serve(t, answer({ vehicles: many }));
    const { vehicles, leftOut } = await createHttpVehicleSource({ url, token: 'tok' }).list('owner-1');
    assert.equal(vehicles.length, 200);
    assert.deepEqual(leftOut, [
      { index: 200, cause: 'beyond' },
      { index: 201, cause: 'beyond' },
    ]);
  });

  for (const [name, listener] of [
    ['another status', answer({ vehicles: [] }, 404)],
    ['an error', answer({ vehicles: [] }, 500)],
    ['no list of vehicles', answer({ cars: [] })],
    ['null instead of a list', answer({ vehicles: null })],
    ['only entries that are no vehicles', answer({ vehicles: [{ ...VEHICLE, vin: undefined }, {}] })],
    ['more than 1 MiB', answer({ vehicles: [], pad: 'x'.repeat(1024 * 1024) })],
    ['a redirect', (_request, response) => void response.writeHead(302, { Location: '/' }).end()],
    ['something else than JSON', (_request, response) => void response.end('<html>')],
    ['a broken connection', (request) => void request.socket.destroy()],
  ] as readonly (readonly [string, RequestListener])[]) {
    test(`that answers ${name} is an outage`, async (t) => {
      const url = await serve(t, listener);
      const list = createHttpVehicleSource({ url, token: 'tok' }).list('owner-1');
      await assert.rejects(list, (error: unknown) => {
        assert.ok(error instanceof VehicleSourceError);
        assert.doesNotMatch(error.message, /tok|owner-1|KMHKM/);
        return true;
      });
    });
  }

  test('that does not answer is an outage', async (t) => {
    const url = await serve(t, () => {});
    const source = createHttpVehicleSource({ url, token: undefined, timeoutMs: 50 });
    await assert.rejects(source.list('owner-1'), VehicleSourceError);
  });

  test('is asked for real owners only; simulated owners have simulated vehicles', async (t) => {
    let asked = 0;
    const url = await serve(t, (request, response) => {
      asked++;
      answer({ vehicles: [] })(request, response);
    });
    const source = createOwnerVehicles(createHttpVehicleSource({ url, token: undefined }));
    assert.equal((await source.list('simulated:owner-1')).vehicles.length, 1);
    assert.deepEqual(await source.list('simulated:nobody'), { vehicles: [], leftOut: [] });
    assert.equal(asked, 0);
    assert.deepEqual(await source.list('owner-1'), { vehicles: [], leftOut: [] });
    assert.equal(asked, 1);
    await assert.rejects(createOwnerVehicles(undefined).list('owner-1'), VehicleSourceError);
  });
});
