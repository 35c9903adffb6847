import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { openConnectTrial, smartcarUrl } from '../connect/connect-trial.ts';
import { openBrowser, SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { sampleLogo } from '../support/sample-logo.ts';
import { openUpstreamProvider } from '../support/upstream-provider.ts';
import { checkPage } from './check-page.ts';

const VEHICLES = 60;

/** A vehicle service that lists sixty vehicles of a fleet. */
const openFleet = async (): Promise<{ readonly url: string; close(): void }> => {
  const models = ['EV6', 'EV9', 'Niro', 'Sportage', 'Sorento', 'K5'];
  const vehicles = Array.from({ length: VEHICLES }, (_, at) => ({
    id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
    vin: `KNDC3DLC9P5${String(100_000 + at * 37)}`,
    make: 'kia',
    model: models[at % models.length],
    year: 2020 + (at % 6),
    nickname: at % 3 === 0 ? `Van ${at + 1}` : '',
  }));
  const server = createServer((_request, response) => response.end(JSON.stringify({ vehicles })));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
};

const NAMED_DATA = [
  {
    name: 'mileage',
    scopes: ['read_odometer'],
    text: { en: 'How far the car has driven', ko: '주행 거리' },
  },
  {
    name: 'charging',
    scopes: ['read_charge'],
    text: { en: 'How and when it is charged', ko: '충전 기록' },
  },
];

const checkedOn = (page: Page): Promise<number> => page.locator('.choice input:checked').count();
const isInSight = (page: Page, value: string): Promise<boolean> =>
  page.evaluate<boolean>(
    `(() => {
      const { top, bottom } = document.querySelector('button[value="${value}"]').getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    })()`,
  );

/** Waits for the redirect to the app, where nobody listens, and returns its code. */
const agree = async (page: Page): Promise<string> => {
  const callback = /^http:\/\/127\.0\.0\.1:9\/callback/;
  await page.route(callback, (route) => route.fulfill({ body: 'The app.' }));
  await page.locator('button[value="agree"]').click();
  await page.waitForURL(callback);
  return new URL(page.url()).searchParams.get('code') ?? '';
};

describe('An owner of sixty vehicles', { skip: SKIPPED_WITHOUT_CHROMIUM }, async () => {
  if (SKIPPED_WITHOUT_CHROMIUM !== false) return;
  const upstream = await openUpstreamProvider();
  after(() => upstream.close());
  const fleet = await openFleet();
  after(() => fleet.close());
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-data-'));
  after(() => rmSync(folder, { recursive: true }));
  const scopesFile = join(folder, 'scopes.json');
  writeFileSync(scopesFile, JSON.stringify({ scopes: [], data: NAMED_DATA }));
  const trial = await openConnectTrial(
    { after },
    {
      scopesFile,
      signInIssuer: upstream.issuer,
      signInClientId: upstream.clientId,
      signInClientSecret: upstream.clientSecret,
      vehiclesUrl: fleet.url,
    },
  );
  upstream.serve(`${trial.url}/connect/callback`);
  const client = await trial.register('smartcar', {
    name: 'Charge Planner',
    developer: 'Example GmbH',
    privacyUrl: 'https://app.example/privacy',
    logo: sampleLogo(128),
    redirectUris: ['http://127.0.0.1:9/callback'],
  });
  await trial.deployment.store.changeClient(client.clientId, { policy: { accessTokenFormat: 'jwt' } });
  const browser = await openBrowser();
  after(() => browser.close());

  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      ...options,
    });
    return context.newPage();
  };
  test('searches, selects all that were found, and keeps them when the language changes', async () => {
    const page = await open({ timezoneId: 'Asia/Seoul', locale: 'en-US' });
    await page.goto(smartcarUrl(trial, client, { scope: 'read_odometer read_location' }));
    assert.ok(await isInSight(page, 'agree'), 'before scrolling');
    await checkPage(page, 'fleet-1-consent');
    const search = page.getByRole('searchbox', { name: 'Search vehicles' });
    await search.fill('ev9 kia');
    assert.equal(await page.locator('.choice:visible').count(), 10);
    await search.press('Enter');
    await page.getByRole('button', { name: 'Select all' }).click();
    await page.getByText('10 of 60 selected').waitFor();
    await search.fill('no such car');
    await page.getByText('No vehicle found').waitFor();
    await search.fill('');
    await page.locator('.choice').nth(2).click();
    await page.getByText('11 of 60 selected').waitFor();
    await page.locator('.choice').last().scrollIntoViewIfNeeded();
    assert.ok(await isInSight(page, 'agree'), 'at the end of the list');
    await checkPage(page, 'fleet-2-selected');
    await page.getByRole('button', { name: '한국어' }).click();
    await page.waitForSelector('html[lang="ko"]');
    assert.equal(await checkedOn(page), 11);
    await page.getByText('60대 중 11대 선택').waitFor();
    await checkPage(page, 'fleet-3-korean');
    const code = await agree(page);
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
    const redeemed = await fetch(`${trial.url}/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: client.redirectUri,
      }),
    });
    assert.equal(redeemed.status, 200);

    await page.goto(`${trial.url}/connect?lang=en`);
    await page.getByText('11 vehicles').click();
    await checkPage(page, 'fleet-4-what-i-share');
    const local = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'Asia/Seoul' });
    await page.getByText(`Since ${local.format(new Date())}`, { exact: true }).waitFor();
    assert.equal(await page.getByText('UTC').count(), 0);
    const first = page.locator('.removable').first();
    await first.getByText('Remove').first().click();
    await checkPage(page, 'fleet-5-removing-a-vehicle');
    await first.locator('button').click();
    await page.getByText('The vehicle has been removed.').waitFor();
    await page.getByText('10 vehicles').waitFor();
    await page.getByText('Remove access').click();
    await checkPage(page, 'fleet-6-removing-all');
    await page.getByRole('button', { name: 'Remove Charge Planner’s access' }).click();
    await page.getByText('Access has been removed.').waitFor();
    await checkPage(page, 'fleet-7-removed');
  });

  test('keeps what was chosen without JavaScript, and sees no button that does nothing', async () => {
    const page = await open({ javaScriptEnabled: false, colorScheme: 'dark' });
    await page.goto(smartcarUrl(trial, client));
    assert.ok(await isInSight(page, 'agree'));
    assert.equal(await page.locator('.tools:visible').count(), 0);
    for (const at of [3, 40, 59]) await page.locator('.choice input').nth(at).check();
    await page.getByRole('button', { name: '한국어' }).click();
    await page.waitForSelector('html[lang="ko"]');
    assert.equal(await checkedOn(page), 3);
    await page.getByRole('button', { name: 'English' }).click();
    await page.waitForSelector('html[lang="en"]');
    assert.equal(await checkedOn(page), 3);
    assert.notEqual(await agree(page), '');
  });

  test('agrees to named data for a purpose until a day, and takes some of it back later', async () => {
    const insurer = await trial.register('smartcar', {
      name: 'Kilometre Insurance',
      redirectUris: ['http://127.0.0.1:9/callback'],
      policy: { authorizationDetails: 'vehicle_data' },
    });
    const purpose = 'Price a policy by the kilometre';
    const detail = { type: 'vehicle_data', data: ['mileage', 'charging'], purpose, until: '2035-01-31' };
    const page = await open({ locale: 'en-US' });
    const details = { authorization_details: JSON.stringify([detail]) };
    await page.goto(smartcarUrl(trial, insurer, { scope: undefined, ...details }));
    await page.getByText(purpose).waitFor();
    await page.getByText('How far the car has driven').waitFor();
    await checkPage(page, 'data-1-consent');
    await page.locator('.choice').first().click();
    const code = await agree(page);
    const basic = Buffer.from(`${insurer.clientId}:${insurer.clientSecret}`).toString('base64');
    const form = { grant_type: 'authorization_code', code, redirect_uri: insurer.redirectUri };
    const redeemed = await fetch(`${trial.url}/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}` },
      body: new URLSearchParams(form),
    });
    assert.equal(redeemed.status, 200);
    await page.goto(`${trial.url}/connect?lang=en`);
    await page.getByText('Change or end').click();
    await page.getByRole('checkbox', { name: 'How and when it is charged' }).uncheck();
    await page.getByLabel('Until the end of').fill('2034-12-31');
    await checkPage(page, 'data-2-changing');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your change has been saved.').waitFor();
    await checkPage(page, 'data-3-changed');
    const [grant] = await trial.deployment.store.listGrants({ clientId: insurer.clientId, limit: 1 });
    assert.deepEqual(grant?.vehicleData?.data, ['mileage']);
    assert.equal(grant.vehicleData.until, Date.parse('2035-01-01') / 1000);
  });
});
