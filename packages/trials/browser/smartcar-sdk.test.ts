import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import smartcar from 'smartcar';
import { SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { arrive, openStage } from './stage.ts';

type SmartcarFailure = { readonly type: string; readonly statusCode: number };

const isOf =
  (type: string, statusCode: number) =>
  (error: SmartcarFailure): boolean =>
    error.type === type && error.statusCode === statusCode;

test(
  "Smartcar's own SDK walks the whole way: consent in a browser, code, vehicles, refresh, disconnect, the right errors.",
  { skip: SKIPPED_WITHOUT_CHROMIUM },
  async (t) => {
    const stage = await openStage('smartcar');
    t.after(() => stage.close());
    process.env['SMARTCAR_AUTH_ORIGIN'] = stage.url;
    process.env['SMARTCAR_API_ORIGIN'] = stage.url;
    const { clientId, clientSecret, app } = stage;
    const client = new smartcar.AuthClient({
      clientId,
      clientSecret,
      redirectUri: app.redirectUri,
      mode: 'simulated',
    });
    const state = randomUUID();

    const page = await stage.open();
    await page.goto(client.getAuthUrl(['read_vehicle_info'], { state }));
    await page.getByRole('button', { name: 'Demo owner 1' }).click();
    // Its only vehicle is chosen already.
    await page.getByRole('button', { name: 'Agree' }).click();
    const answer = await arrive(page, stage);
    assert.equal(answer.get('state'), state);

    const first = await client.exchangeCode(answer.get('code') ?? '');
    const { vehicles } = await smartcar.getVehicles(first.accessToken);
    const second = await client.exchangeRefreshToken(first.refreshToken);
    const vehicle = new smartcar.Vehicle(vehicles[0] ?? '', second.accessToken);
    assert.equal((await vehicle.attributes()).model, 'IONIQ 5');
    await vehicle.disconnect();

    await assert.rejects(vehicle.attributes(), isOf('AUTHENTICATION', 401));
    await assert.rejects(client.exchangeRefreshToken(second.refreshToken), isOf('invalid_grant', 400));
  },
);
