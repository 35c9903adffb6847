import assert from 'node:assert/strict';
import type { AuthorizationServer } from '@keyfob/server';
import * as client from 'openid-client';
import { createPlainBrowser } from '../connect/plain-browser.ts';
import { makeClient } from '../support/make-client.ts';

const REDIRECT_URI = 'https://app.example/callback';

/** Discovers a server as a strict client does: the issuer in the metadata must be the URL that was asked. */
export const discover = (
  issuer: string,
  clientId = 'any',
  authentication: client.ClientAuth = client.None(),
): Promise<client.Configuration> =>
  client.discovery(new URL(issuer), clientId, undefined, authentication, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });

/**
 * Leads a strict client and a browser from discovery at `issuer` through consent to tokens, a refresh and the vehicles, with a
 * `state` that is too long for a redirect. The server must be a demo.
 */
export const leadThrough = async ({ deployment }: AuthorizationServer, issuer: string): Promise<void> => {
  const registration = { dialect: 'smartcar', name: 'Charge planner', redirectUris: [REDIRECT_URI] };
  const app = await makeClient(deployment, { ...registration, policy: { simulatedOwners: true } });
  const basic = client.ClientSecretBasic(app.clientSecret);
  const configuration = await discover(issuer, app.client.id, basic);
  const metadata = configuration.serverMetadata();
  assert.deepEqual([metadata.issuer, metadata.token_endpoint], [issuer, `${issuer}/oauth/token`]);
  const codeVerifier = client.randomPKCECodeVerifier();
  // Each character takes three on the wire.
  const state = '/'.repeat(2000);
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: REDIRECT_URI,
    scope: 'read_odometer',
    state,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  });
  const browser = createPlainBrowser();
  const signedIn = await browser.press(await browser.open(url.href), '1');
  const consent = await browser.open(signedIn.target);
  const [, vehicle = ''] = /name="(vehicle_[^"]+)"/.exec(consent.body) ?? [];
  const agreed = await browser.press(consent, 'agree', { [vehicle]: 'yes' });
  const checks = { expectedState: state, pkceCodeVerifier: codeVerifier };
  const tokens = await client.authorizationCodeGrant(configuration, new URL(agreed.target), checks);
  const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  const vehicles = await fetch(`${issuer}/v2.0/vehicles`, {
    headers: { Authorization: `Bearer ${refreshed.access_token}` },
  });
  assert.equal(vehicles.status, 200);
};
