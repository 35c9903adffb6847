import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import smartcar from 'smartcar';
import { SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { waitForApp, openBrowserTrial } from './browser-trial.ts';

type SmartcarFailure = { readonly type: string; readonly statusCode: number };

const isOf =
  (type: string, statusCode: number) =>
  (error: SmartcarFailure): boolean =>
    error.type === type && error.statusCode === statusCode;

test(
  "Smartcar's own SDK completes every step: consent in a browser, code, vehicles, refresh, disconnect, errors",
  { skip: SKIPPED_WITHOUT_CHROMIUM },
  async (t) => {
    const trial = await openBrowserTrial('smartcar');
    t.after(() => trial.close());
    process.env['SMARTCAR_AUTH_ORIGIN'] = trial.url;
    process.env['SMARTCAR_API_ORIGIN'] = trial.url;
    const { clientId, clientSecret, app } = trial;
    const client = new smartcar.AuthClient({
      clientId,
      clientSecret,
      redirectUri: app.redirectUri,
      mode: 'simulated',
    });
    const state = randomUUID();

    const page = await trial.open();
    await page.goto(client.getAuthUrl(['read_vehicle_info'], { state }));
    await page.getByRole('button', { name: 'Demo owner 1' }).click();
    // The only vehicle is already selected.
    await page.getByRole('button', { name: 'Agree' }).click();
    const answer = await waitForApp(page, trial);
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
