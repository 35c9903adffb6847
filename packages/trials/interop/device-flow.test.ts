import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  discovery,
  initiateDeviceAuthorization,
  pollDeviceAuthorizationGrant,
  refreshTokenGrant,
} from 'openid-client';
import { openConnectTrial } from '../connect/connect-trial.ts';
import { createPlainBrowser } from '../connect/plain-browser.ts';

const trial = await openConnectTrial({ after });
/** The vehicle of demo owner 1. */
const VEHICLE = { 'vehicle_9e2c0502-36cd-5f62-a987-a4b4dde6d189': 'yes' };

test('openid-client finds the device flow by metadata, polls until the owner agrees, and refreshes', async () => {
  const policy = { deviceFlow: true, requireUserAgent: false };
  const { clientId, clientSecret } = await trial.register('smartcar', { policy });
  const configuration = await discovery(
    new URL(trial.url),
    clientId,
    undefined,
    ClientSecretBasic(clientSecret),
    { algorithm: 'oauth2', execute: [allowInsecureRequests] },
  );
  const device = await initiateDeviceAuthorization(configuration, { scope: 'read_odometer' });
  const polling = pollDeviceAuthorizationGrant(configuration, device);
  const browser = createPlainBrowser();
  const signedIn = await browser.press(await browser.open(device.verification_uri_complete ?? ''), '1');
  await browser.press(await browser.open(signedIn.location), 'agree', VEHICLE);
  const tokens = await polling;
  assert.ok(tokens.refresh_token !== undefined);
  const refreshed = await refreshTokenGrant(configuration, tokens.refresh_token);
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
});
