import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { pressUntil } from './keyboard.ts';
import { look, takePictures } from './check-page.ts';
import { arrive, openStage } from './stage.ts';
import type { Stage } from './stage.ts';

type Tokens = { readonly access_token: string; readonly refresh_token: string };

const signIn = (page: Page, owner = 2): Promise<void> =>
  page.getByRole('button', { name: `Demo owner ${owner}` }).click();

describe('an owner and an app of Smartcar', { skip: SKIPPED_WITHOUT_CHROMIUM }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage('smartcar');
  });
  after(() => stage.close());

  /** The address that the app sends an owner to. */
  const authorizeUrl = (more: Readonly<Record<string, string>> = {}): string =>
    `${stage.url}/oauth/authorize?${new URLSearchParams({
      response_type: 'code',
      client_id: stage.clientId,
      redirect_uri: stage.app.redirectUri,
      scope: 'required:read_vehicle_info read_odometer read_location control_security',
      ...more,
    }).toString()}`;

  const callToken = (form: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${stage.url}/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${stage.clientId}:${stage.clientSecret}`).toString('base64')}`,
        'User-Agent': 'browser-trial',
      },
      body: new URLSearchParams(form),
    });

  const redeem = async (code: string | null): Promise<Tokens> => {
    assert.ok(code !== null, 'the app got a code');
    const answer = await callToken({
      grant_type: 'authorization_code',
      code,
      redirect_uri: stage.app.redirectUri,
    });
    assert.equal(answer.status, 200);
    return (await answer.json()) as Tokens;
  };

  const callVehicles = (accessToken: string): Promise<Response> =>
    fetch(`${stage.url}/v2.0/vehicles`, { headers: { Authorization: `Bearer ${accessToken}` } });

  test('signs in, chooses vehicles, agrees, and the app gets tokens for just these', async () => {
    const page = await stage.open();
    const state = `${randomUUID()} & more`;
    await page.goto(authorizeUrl({ state }));
    await look(page, 'smartcar-1-sign-in');
    await signIn(page);
    await look(page, 'smartcar-2-consent');
    await page.getByLabel('Sportage').check();
    await page.getByLabel('GV60').check();
    await takePictures(page, 'smartcar-3-chosen');
    await page.getByRole('button', { name: 'Agree' }).click();
    const answer = await arrive(page, stage);
    assert.equal(answer.get('state'), state);
    assert.equal(answer.get('iss'), stage.url);
    const tokens = await redeem(answer.get('code'));
    const { vehicles } = (await (await callVehicles(tokens.access_token)).json()) as { vehicles: string[] };
    assert.equal(vehicles.length, 2);
  });

  test('declines, and the app is told so', async () => {
    const page = await stage.open();
    await page.goto(authorizeUrl({ state: 'kept', make: 'KIA' }));
    await signIn(page);
    await look(page, 'smartcar-4-consent-of-one-make');
    assert.equal(await page.getByRole('checkbox').count(), 2, 'vehicles of other makes are not offered');
    await page.getByRole('button', { name: 'Decline' }).click();
    const answer = await arrive(page, stage);
    assert.equal(answer.get('error'), 'access_denied');
    assert.equal(answer.get('error_description'), 'User denied access to application.');
    assert.equal(answer.get('state'), 'kept');
  });

  test('does it all by the keyboard, in Korean, in the dark, and chooses one vehicle of several', async () => {
    const page = await stage.open({ locale: 'ko-KR', colorScheme: 'dark' });
    await page.goto(authorizeUrl({ single_select: 'true' }));
    assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
    await look(page, 'smartcar-5-sign-in-korean-dark');
    await pressUntil(page, 'button[value="2"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('input[type=radio]');
    await look(page, 'smartcar-6-consent-korean-dark');
    await pressUntil(page, 'input[type=radio]');
    await page.keyboard.press('ArrowDown');
    await pressUntil(page, 'button[value="agree"]');
    await takePictures(page, 'smartcar-7-focus');
    await page.keyboard.press('Enter');
    await redeem((await arrive(page, stage)).get('code'));
  });

  test('agrees without JavaScript, is told when nothing is chosen, and loses nothing by it', async () => {
    const page = await stage.open({ javaScriptEnabled: false });
    await page.goto(authorizeUrl({ state: 'kept' }));
    await signIn(page);
    await page.getByRole('button', { name: 'Agree' }).click();
    await page.getByRole('alert').waitFor();
    await takePictures(page, 'smartcar-8-nothing-chosen');
    await page.getByLabel('EV6').check();
    await page.getByRole('button', { name: 'Agree' }).click();
    const answer = await arrive(page, stage);
    assert.equal(answer.get('state'), 'kept');
    await redeem(answer.get('code'));
  });

  test('sees what is shared, ends it, and the app is out at once', async () => {
    const page = await stage.open();
    await page.goto(authorizeUrl());
    await signIn(page, 3);
    await page.getByLabel('Model 3').check();
    await page.getByRole('button', { name: 'Agree' }).click();
    const tokens = await redeem((await arrive(page, stage)).get('code'));
    await page.goto(`${stage.url}/connect`);
    await look(page, 'smartcar-9-what-i-share');
    await page.getByText('Remove access', { exact: false }).first().click();
    await look(page, 'smartcar-10-ending');
    await page.getByRole('button', { name: /Remove .* access$/ }).click();
    await page.getByText('Access has been removed.').waitFor();
    await look(page, 'smartcar-11-ended');
    const refreshed = await callToken({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
    assert.equal(refreshed.status, 400);
    assert.equal(((await refreshed.json()) as { error: string }).error, 'invalid_grant');
    assert.equal((await callVehicles(tokens.access_token)).status, 401);
  });

  test('is never sent to an address that the app did not register', async () => {
    const page = await stage.open();
    await page.goto(authorizeUrl({ redirect_uri: 'https://elsewhere.example/callback' }));
    await look(page, 'smartcar-12-unregistered');
    assert.equal(new URL(page.url()).origin, stage.url);
    await page.goto(authorizeUrl({ client_id: randomUUID() }));
    await look(page, 'smartcar-13-unknown-app');
    assert.equal(new URL(page.url()).origin, stage.url);
  });
});
