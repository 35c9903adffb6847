import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { openBrowserTrial } from './browser-trial.ts';
import type { BrowserTrial } from './browser-trial.ts';
import { checkPage } from './check-page.ts';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
const NARROW = { width: 320, height: 640 };

/** Whether a page is no wider than its window (WCAG 2.2, 1.4.10). */
const fits = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

describe('An owner of a device without a browser', { skip: SKIPPED_WITHOUT_CHROMIUM }, () => {
  let trial: BrowserTrial;
  before(async () => {
    trial = await openBrowserTrial('smartcar');
  });
  after(() => trial.close());

  const post = async (path: string, form: Readonly<Record<string, string>>) => {
    const basic = Buffer.from(`${trial.clientId}:${trial.clientSecret}`).toString('base64');
    const response = await fetch(`${trial.url}${path}`, {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}`, 'User-Agent': 'browser-trial' },
      body: new URLSearchParams(form),
    });
    return (await response.json()) as Readonly<Record<string, unknown>>;
  };

  const ask = () => post('/oauth/device_authorization', { scope: 'read_vehicle_info read_odometer' });

  const poll = ({ device_code: code }: Readonly<Record<string, unknown>>) =>
    post('/oauth/token', { grant_type: GRANT_TYPE, device_code: String(code) });

  test('types the code, signs in, chooses vehicles, agrees, and the device gets tokens', async () => {
    const device = await ask();
    const page = await trial.open({ viewport: NARROW });
    await page.goto(String(device['verification_uri']));
    await checkPage(page, 'device-1-code');
    assert.ok(await fits(page), 'the page to enter the code fits in 320 px');
    await page.getByLabel('Code').fill('bbbb bbbb');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Demo owner 2' }).click();
    await page.getByRole('alert').waitFor();
    await checkPage(page, 'device-2-wrong-code');
    await page.getByLabel('Code').fill(String(device['user_code']).toLowerCase().replace('-', ' '));
    await page.keyboard.press('Enter');
    await page.getByText(String(device['user_code'])).waitFor();
    await checkPage(page, 'device-3-consent');
    assert.ok(await fits(page), 'the consent page fits in 320 px');
    await page.getByLabel('Sportage').check();
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByRole('heading', { name: /is connected/ }).waitFor();
    await checkPage(page, 'device-4-done');
    const tokens = await poll(device);
    assert.equal(typeof tokens['refresh_token'], 'string', JSON.stringify(tokens));
  });

  test('scans the QR code and declines, in Korean, in dark mode and without JavaScript', async () => {
    const device = await ask();
    const page = await trial.open({
      viewport: NARROW,
      locale: 'ko-KR',
      colorScheme: 'dark',
      javaScriptEnabled: false,
    });
    await page.goto(String(device['verification_uri_complete']));
    await page.locator('button[value="2"]').click();
    await page.getByText(String(device['user_code'])).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
    assert.equal(await page.locator('main h2').first().textContent(), '기기에 이 코드가 표시되어 있나요?');
    await page.locator('button[value="decline"]').click();
    await page.getByRole('status').waitFor();
    assert.equal((await poll(device))['error'], 'access_denied');
  });

  test('keeps the language of the page, and what was chosen, when the language changes', async () => {
    const device = await ask();
    const page = await trial.open({ viewport: NARROW, colorScheme: 'dark' });
    await page.goto(String(device['verification_uri_complete']));
    await page.getByRole('button', { name: 'Demo owner 2' }).click();
    await page.getByLabel('Sportage').check();
    await page.getByRole('button', { name: '한국어' }).click();
    await page.getByText('기기에 이 코드가 표시되어 있나요?').waitFor();
    await checkPage(page, 'device-5-consent-korean-dark');
    assert.ok(await fits(page), 'the Korean consent page fits in 320 px');
    assert.ok(await page.getByRole('checkbox', { checked: true }).count());
    await page.goto(`${trial.url}/device?lang=ko`);
    await checkPage(page, 'device-6-code-korean-dark');
    assert.ok(await fits(page), 'the Korean page to enter the code fits in 320 px');
  });
});
