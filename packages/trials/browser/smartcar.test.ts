import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { pressUntil } from './keyboard.ts';
import { checkPage, takePictures } from './check-page.ts';
import { waitForApp, openBrowserTrial } from './browser-trial.ts';
import type { BrowserTrial } from './browser-trial.ts';

type Tokens = { readonly access_token: string; readonly refresh_token: string };

const signIn = (page: Page, owner = 2): Promise<void> =>
  page.getByRole('button', { name: `Demo owner ${owner}` }).click();

describe('An owner with a Smartcar app', { skip: SKIPPED_WITHOUT_CHROMIUM }, () => {
  let trial: BrowserTrial;
  before(async () => {
    trial = await openBrowserTrial('smartcar');
  });
  after(() => trial.close());

  /** The URL to which the app sends an owner. */
  const authorizeUrl = (more: Readonly<Record<string, string>> = {}): string =>
    `${trial.url}/oauth/authorize?${new URLSearchParams({
      response_type: 'code',
      client_id: trial.clientId,
      redirect_uri: trial.app.redirectUri,
      scope: 'required:read_vehicle_info read_odometer read_location control_security',
      ...more,
    }).toString()}`;

  const callToken = (form: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${trial.url}/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${trial.clientId}:${trial.clientSecret}`).toString('base64')}`,
        'User-Agent': 'browser-trial',
      },
      body: new URLSearchParams(form),
    });

  const redeem = async (code: string | null): Promise<Tokens> => {
    assert.ok(code !== null, 'the app got a code');
    const answer = await callToken({
      grant_type: 'authorization_code',
      code,
      redirect_uri: trial.app.redirectUri,
    });
    assert.equal(answer.status, 200);
    return (await answer.json()) as Tokens;
  };

  const callVehicles = (accessToken: string): Promise<Response> =>
    fetch(`${trial.url}/v2.0/vehicles`, { headers: { Authorization: `Bearer ${accessToken}` } });

  test('signs in, chooses vehicles, agrees, and the app gets tokens for only these', async () => {
    const page = await trial.open();
    const state = `${randomUUID()} & more`;
    await page.goto(authorizeUrl({ state }));
    await checkPage(page, 'smartcar-1-sign-in');
    await signIn(page);
    await checkPage(page, 'smartcar-2-consent');
    await page.getByLabel('Sportage').check();
    await page.getByLabel('GV60').check();
    await takePictures(page, 'smartcar-3-chosen');
    await page.getByRole('button', { name: 'Agree' }).click();
    const answer = await waitForApp(page, trial);
    assert.equal(answer.get('state'), state);
    assert.equal(answer.get('iss'), trial.url);
    const tokens = await redeem(answer.get('code'));
    const { vehicles } = (await (await callVehicles(tokens.access_token)).json()) as { vehicles: string[] };
    assert.equal(vehicles.length, 2);
  });

  test('declines, and the app gets access_denied', async () => {
    const page = await trial.open();
    await page.goto(authorizeUrl({ state: 'kept', make: 'KIA' }));
    await signIn(page);
    await checkPage(page, 'smartcar-4-consent-of-one-make');
    assert.equal(await page.getByRole('checkbox').count(), 2, 'vehicles of other makes are not offered');
    await page.getByRole('button', { name: 'Decline' }).click();
    const answer = await waitForApp(page, trial);
    assert.equal(answer.get('error'), 'access_denied');
    assert.equal(answer.get('error_description'), 'User denied access to application.');
    assert.equal(answer.get('state'), 'kept');
  });

  test('chooses one of several vehicles with the keyboard, in Korean and dark mode', async () => {
    const page = await trial.open({ locale: 'ko-KR', colorScheme: 'dark' });
    await page.goto(authorizeUrl({ single_select: 'true' }));
    assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
    await checkPage(page, 'smartcar-5-sign-in-korean-dark');
    await pressUntil(page, 'button[value="2"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('input[type=radio]');
    await checkPage(page, 'smartcar-6-consent-korean-dark');
    await pressUntil(page, 'input[type=radio]');
    await page.keyboard.press('ArrowDown');
    await pressUntil(page, 'button[value="agree"]');
    await takePictures(page, 'smartcar-7-focus');
    await page.keyboard.press('Enter');
    await redeem((await waitForApp(page, trial)).get('code'));
  });

  test('agrees without JavaScript, and can correct a form without a chosen vehicle', async () => {
    const page = await trial.open({ javaScriptEnabled: false });
    await page.goto(authorizeUrl({ state: 'kept' }));
    await signIn(page);
    await page.getByRole('button', { name: 'Agree' }).click();
    await page.getByRole('alert').waitFor();
    await takePictures(page, 'smartcar-8-nothing-chosen');
    await page.getByLabel('EV6').check();
    await page.getByRole('button', { name: 'Agree' }).click();
    const answer = await waitForApp(page, trial);
    assert.equal(answer.get('state'), 'kept');
    await redeem(answer.get('code'));
  });

  test('removes access on the owner page, and the tokens stop working at once', async () => {
    const page = await trial.open();
    await page.goto(authorizeUrl());
    await signIn(page, 3);
    await page.getByLabel('Model 3').check();
    await page.getByRole('button', { name: 'Agree' }).click();
    const tokens = await redeem((await waitForApp(page, trial)).get('code'));
    await page.goto(`${trial.url}/connect`);
    await checkPage(page, 'smartcar-9-what-i-share');
    await page.getByText('Remove access', { exact: false }).first().click();
    await checkPage(page, 'smartcar-10-removing');
    await page.getByRole('button', { name: /Remove .* access$/ }).click();
    await page.getByText('Access has been removed.').waitFor();
    await checkPage(page, 'smartcar-11-removed');
    const refreshed = await callToken({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
    assert.equal(refreshed.status, 400);
    assert.equal(((await refreshed.json()) as { error: string }).error, 'invalid_grant');
    assert.equal((await callVehicles(tokens.access_token)).status, 401);
  });

  test('is never sent to an address that is not registered for the app', async () => {
    const page = await trial.open();
    await page.goto(authorizeUrl({ redirect_uri: 'https://elsewhere.example/callback' }));
    await checkPage(page, 'smartcar-12-unregistered');
    assert.equal(new URL(page.url()).origin, trial.url);
    await page.goto(authorizeUrl({ client_id: randomUUID() }));
    await checkPage(page, 'smartcar-13-unknown-app');
    assert.equal(new URL(page.url()).origin, trial.url);
  });

  test('comes back from a demo client to a page that exchanges the code', async () => {
    const demo = trial.server.listening['demo'] as readonly { dialect: string; authorizeUrl: string }[];
    const page = await trial.open();
    await page.goto(demo.find(({ dialect }) => dialect === 'oauth')?.authorizeUrl ?? '');
    await signIn(page);
    await page.getByLabel('EV6').check();
    await page.getByRole('button', { name: 'Agree' }).click();
    await page.getByRole('heading', { name: 'You are back in the app' }).waitFor();
    await checkPage(page, 'demo-1-callback');
    await page.getByRole('button', { name: 'Exchange the code' }).click();
    await page.getByRole('heading', { name: 'The answer (HTTP 200)' }).waitFor();
    await checkPage(page, 'demo-2-answer');
    await page.getByRole('link', { name: '한국어' }).click();
    await page.getByRole('button', { name: '코드 교환' }).click();
    await page.getByRole('heading', { name: '응답 (HTTP 200)' }).waitFor();
    await checkPage(page, 'demo-3-korean');
  });

  test('who opens an address where there is nothing reads a page', async () => {
    const page = await trial.open();
    for (const language of ['en', 'ko']) {
      for (const [name, path] of [
        ['home', '/'],
        ['unknown', '/nothing'],
        ['for-apps', '/oauth/token'],
      ] as const) {
        await page.goto(`${trial.url}${path}?lang=${language}`);
        await checkPage(page, `nothing-${name}-${language}`);
      }
    }
  });
});
