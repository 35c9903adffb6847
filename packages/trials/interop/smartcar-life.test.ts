import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import smartcar10 from 'smartcar';
import smartcar9 from 'smartcar-9';
import { REDIRECT_URI } from '../support/code-maker.ts';
import { consentOn } from '../support/consented-grant.ts';
import { sampleVehicle } from '../support/samples.ts';
import { lockStore } from '../support/store-lock.ts';
import { openTrialServer } from './trial-server.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ONE = sampleVehicle(1);
const TWO = sampleVehicle(2, { make: 'kia', model: 'EV6' });
const SCOPE = 'read_vehicle_info read_odometer';

const server = await openTrialServer('smartcar');
after(() => server.close());
// The SDK reads these variables for each client and each request.
process.env['SMARTCAR_AUTH_ORIGIN'] = server.url;
process.env['SMARTCAR_API_ORIGIN'] = server.url;

/** How the SDK reports an error of the API. */
type Expected = {
  readonly status: number;
  readonly type: string;
  readonly code?: string;
  readonly page?: string;
  readonly resolution?: string | null;
  readonly retryAfter?: string;
};

const AUTHENTICATION: Expected = { status: 401, type: 'AUTHENTICATION', page: 'authentication-errors#null' };
const PERMISSION: Expected = {
  status: 403,
  type: 'PERMISSION',
  page: 'permission-errors#null',
  resolution: 'REAUTHENTICATE',
};

for (const [name, smartcar] of [
  ['smartcar 10', smartcar10],
  ['smartcar 9', smartcar9],
] as const) {
  const { AuthClient, SmartcarError, Vehicle } = smartcar;
  const authClient = () => new AuthClient({ ...server.client, redirectUri: REDIRECT_URI });
  /** The first tokens of a grant to both vehicles, exchanged by the SDK. */
  const begin = async (scope = SCOPE) => {
    const code = await consentOn(server.process, 'smartcar', server.client, { scope, vehicles: [ONE, TWO] });
    return { code, ...(await authClient().exchangeCode(code)) };
  };
  const assertThrown = async (request: Promise<unknown>, expected: Expected): Promise<void> =>
    assert.rejects(request, (thrown: unknown) => {
      assert.ok(thrown instanceof SmartcarError);
      assert.equal(thrown.statusCode, expected.status);
      assert.equal(thrown.type, expected.type);
      assert.equal(thrown.code, expected.code);
      assert.ok(thrown.description !== '');
      assert.match(thrown.requestId, UUID);
      assert.equal(thrown.retryAfter, expected.retryAfter);
      if (expected.page !== undefined) {
        assert.equal(thrown.docURL, `https://smartcar.com/docs/errors/api-errors/${expected.page}`);
        assert.deepEqual(thrown.resolution, { type: expected.resolution ?? null });
      }
      return true;
    });

  describe(`the life of a grant, with ${name}`, () => {
    test('from the code exchange to the error after the last vehicle is disconnected', async () => {
      const { accessToken, refreshToken } = await begin();
      const { vehicles, paging, meta } = await smartcar.getVehicles(accessToken);
      assert.deepEqual(vehicles, [ONE.id, TWO.id]);
      assert.deepEqual(paging, { count: 2, offset: 0 });
      assert.match(meta.requestId, UUID);
      assert.equal((await smartcar.getUser(accessToken)).id, 'owner-1');
      const { id, make, model, year } = await new Vehicle(TWO.id, accessToken).attributes();
      assert.deepEqual({ id, make, model, year }, { id: TWO.id, make: 'KIA', model: 'EV6', year: 2024 });

      const access = await authClient().exchangeRefreshToken(refreshToken);
      const one = new Vehicle(ONE.id, access.accessToken);
      const two = new Vehicle(TWO.id, access.accessToken);
      assert.deepEqual((await one.permissions()).permissions, SCOPE.split(' '));
      assert.equal((await one.disconnect()).status, 'success');
      await assertThrown(one.attributes(), PERMISSION);
      await assertThrown(one.disconnect(), PERMISSION);
      assert.deepEqual((await smartcar.getVehicles(access.accessToken)).vehicles, [TWO.id]);

      assert.equal((await two.disconnect()).status, 'success');
      await assertThrown(two.attributes(), AUTHENTICATION);
      await assertThrown(smartcar.getVehicles(access.accessToken), AUTHENTICATION);
      await assertThrown(smartcar.getVehicles(accessToken), AUTHENTICATION);
      const refresh = authClient().exchangeRefreshToken(access.refreshToken);
      await assertThrown(refresh, { status: 400, type: 'invalid_grant' });
    });

    test('a code that is sent again at once is refused, and the tokens of the first use go on working', async () => {
      const { code, accessToken } = await begin();
      await assertThrown(authClient().exchangeCode(code), { status: 400, type: 'invalid_grant' });
      assert.equal((await smartcar.getUser(accessToken)).id, 'owner-1');
    });

    test('lists are paged', async () => {
      const { accessToken } = await begin();
      const page = await smartcar.getVehicles(accessToken, { limit: 1, offset: 1 });
      assert.deepEqual([page.vehicles, page.paging], [[TWO.id], { count: 2, offset: 1 }]);
      const permissions = await new Vehicle(ONE.id, accessToken).permissions({ limit: 1 });
      assert.deepEqual([permissions.permissions, permissions.paging.count], [['read_vehicle_info'], 2]);
      const wrong = { status: 400, type: 'VALIDATION', page: 'validation-errors#null' };
      await assertThrown(smartcar.getVehicles(accessToken, { limit: -1 }), wrong);
    });

    test('a call that the owner has not permitted is an error that requests new consent', async () => {
      const { accessToken } = await begin('read_odometer');
      const vehicle = new Vehicle(ONE.id, accessToken);
      await assertThrown(vehicle.attributes(), PERMISSION);
      assert.deepEqual((await vehicle.permissions()).permissions, ['read_odometer']);
    });

    test('a call for vehicle data, which this server does not serve, is a not-found error', async () => {
      const { accessToken } = await begin();
      const missing = { status: 404, type: 'RESOURCE_NOT_FOUND', code: 'PATH' };
      await assertThrown(new Vehicle(ONE.id, accessToken).odometer(), missing);
    });

    test('an outage is an error with a retry delay, and changes nothing', async () => {
      const { accessToken } = await begin();
      const vehicle = new Vehicle(ONE.id, accessToken);
      const unlock = lockStore(server.process);
      const unavailable = { status: 503, type: 'SERVER', code: 'INTERNAL', retryAfter: '2' };
      try {
        await assertThrown(vehicle.disconnect(), unavailable);
      } finally {
        unlock();
      }
      assert.equal((await vehicle.disconnect()).status, 'success');
    });
  });
}
