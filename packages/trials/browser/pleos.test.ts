import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { pressUntil } from './keyboard.ts';
import { checkPage, takePictures } from './check-page.ts';
import { waitForApp, openBrowserTrial } from './browser-trial.ts';
import type { BrowserTrial } from './browser-trial.ts';

type Tokens = { readonly accessToken: string; readonly refreshToken: string };
type Answer<Data> = { readonly data: Data; readonly error?: { readonly code: string } };

const signIn = (page: Page, owner = 2): Promise<void> =>
  page.getByRole('button', { name: `Demo owner ${owner}` }).click();

const readVins = (answer: URLSearchParams): readonly string[] =>
  JSON.parse(Buffer.from(answer.get('vehicles') ?? '', 'base64').toString('utf8')) as string[];

describe('An owner with a Pleos app', { skip: SKIPPED_WITHOUT_CHROMIUM }, () => {
  let trial: BrowserTrial;
  before(async () => {
    trial = await openBrowserTrial('pleos');
  });
  after(() => trial.close());

  const loginUrl = (brand: string, more: Readonly<Record<string, string>> = {}): string =>
    `${trial.url}/v1/auth/login?${new URLSearchParams({
      clientId: trial.clientId,
      brand,
      redirectUrl: trial.app.redirectUri,
      state: 'kept as it is',
      ...more,
    }).toString()}`;

  const call = async <Data>(
    brand: string,
    method: string,
    path: string,
    { accessToken, body }: { readonly accessToken?: string; readonly body?: object } = {},
  ): Promise<Answer<Data> & { readonly status: number }> => {
    const response = await fetch(`${trial.url}${path}`, {
      method,
      headers: {
        Brand: brand,
        'Content-Type': 'application/json',
        ...(accessToken === undefined ? {} : { Authorization: `Bearer ${accessToken}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { ...((await response.json()) as Answer<Data>), status: response.status };
  };

  const credentials = () => ({ clientId: trial.clientId, clientSecret: trial.clientSecret });

  const redeem = async (brand: string, code: string | null): Promise<Tokens> => {
    assert.ok(code !== null, 'the app got a code');
    const body = { ...credentials(), code, redirectUrl: trial.app.redirectUri };
    const { status, data } = await call<Tokens>(brand, 'POST', '/v1/auth/token', { body });
    assert.equal(status, 200);
    return data;
  };

  /** Signs in, agrees, and exchanges the code for tokens. */
  const login = async (page: Page, brand: string): Promise<Tokens> => {
    await page.goto(loginUrl(brand));
    await signIn(page);
    await page.getByRole('button', { name: 'Agree' }).click();
    return redeem(brand, (await waitForApp(page, trial)).get('code'));
  };

  const selectionUrl = async (brand: string, { accessToken }: Tokens, lang = 'en'): Promise<string> => {
    const body = { state: 'chosen', lang };
    const answer = await call<{ redirectUrl: string }>(brand, 'POST', '/v1/vehicles/selections', {
      accessToken,
      body,
    });
    assert.equal(answer.status, 200);
    return answer.data.redirectUrl;
  };

  test('signs in, agrees, then chooses vehicles, and the app sees only these', async () => {
    const page = await trial.open();
    await page.goto(loginUrl('kia'));
    await checkPage(page, 'pleos-1-sign-in');
    await signIn(page);
    await checkPage(page, 'pleos-2-consent');
    await page.getByRole('button', { name: 'Agree' }).click();
    const answer = await waitForApp(page, trial);
    assert.deepEqual([...answer.keys()].sort(), ['code', 'state']);
    assert.equal(answer.get('state'), 'kept as it is');
    const tokens = await redeem('kia', answer.get('code'));
    await page.goto(await selectionUrl('kia', tokens));
    await checkPage(page, 'pleos-3-choice');
    assert.equal(await page.getByRole('checkbox').count(), 2, 'only vehicles of the brand are offered');
    await page.getByLabel('EV6').check();
    await page.getByRole('button', { name: 'Share' }).click();
    const chosen = await waitForApp(page, trial);
    assert.equal(chosen.get('state'), 'chosen');
    const { data } = await call<{ vehicles: { vin: string }[] }>(
      'kia',
      'GET',
      '/v1/vehicles/consent',
      tokens,
    );
    assert.deepEqual(
      data.vehicles.map(({ vin }) => vin),
      readVins(chosen),
    );
  });

  test('declines at the login, and the app gets no code', async () => {
    const page = await trial.open();
    await page.goto(loginUrl('genesis'));
    await signIn(page);
    await checkPage(page, 'pleos-4-consent-genesis');
    await page.getByRole('button', { name: 'Decline' }).click();
    const answer = await waitForApp(page, trial);
    assert.equal(answer.get('code'), null);
    assert.equal(answer.get('state'), 'kept as it is');
  });

  test('gives consent and then shares no vehicle', async () => {
    const page = await trial.open();
    const tokens = await login(page, 'hyundai');
    await page.goto(await selectionUrl('hyundai', tokens));
    await checkPage(page, 'pleos-5-choice-hyundai');
    await page.getByRole('button', { name: 'Not now' }).click();
    const answer = await waitForApp(page, trial);
    assert.equal(answer.get('vehicles'), null);
    assert.equal(answer.get('state'), 'chosen');
    const { data } = await call<{ vehicles: object[] }>('hyundai', 'GET', '/v1/vehicles/consent', tokens);
    assert.deepEqual(data.vehicles, []);
  });

  test('chooses vehicles with the keyboard, in Korean and dark mode', async () => {
    const page = await trial.open({ locale: 'ko-KR', colorScheme: 'dark' });
    await page.goto(loginUrl('genesis'));
    await pressUntil(page, 'button[value="2"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('button[value="agree"]');
    await checkPage(page, 'pleos-6-consent-korean-dark');
    await pressUntil(page, 'button[value="agree"]');
    await page.keyboard.press('Enter');
    const tokens = await redeem('genesis', (await waitForApp(page, trial)).get('code'));
    await page.goto(await selectionUrl('genesis', tokens, 'ko'));
    await checkPage(page, 'pleos-7-choice-korean-dark');
    // The only vehicle of the brand is already selected.
    await pressUntil(page, 'input[type=checkbox]:checked');
    await pressUntil(page, 'button[value="agree"]');
    await page.keyboard.press('Enter');
    await waitForApp(page, trial);
  });

  test('is the only one who can use the link to choose vehicles, while it is valid', async () => {
    const page = await trial.open();
    const tokens = await login(page, 'kia');
    const url = await selectionUrl('kia', tokens);
    const stranger = await trial.open();
    await stranger.goto(url);
    await signIn(stranger, 1);
    await checkPage(stranger, 'pleos-8-another-owner');
    assert.equal(await stranger.getByRole('checkbox').count(), 0);
    await stranger.goto(`${url}x`);
    await checkPage(stranger, 'pleos-9-expired-link');
  });

  test('removes all access on the owner page', async () => {
    const page = await trial.open();
    const tokens = await login(page, 'kia');
    await page.goto(`${trial.url}/connect`);
    await checkPage(page, 'pleos-10-what-i-share');
    for (;;) {
      const end = page.locator('summary', { hasText: 'Remove access' }).first();
      if ((await end.count()) === 0) break;
      await end.click();
      await page
        .getByRole('button', { name: /Remove .* access$/ })
        .first()
        .click();
      await page.getByText('Access has been removed.').waitFor();
    }
    await takePictures(page, 'pleos-11-removed');
    const body = { ...credentials(), refreshToken: tokens.refreshToken };
    const { error } = await call<never>('kia', 'POST', '/v1/auth/token-refresh', { body });
    assert.equal(error?.code, '4002');
  });
});
