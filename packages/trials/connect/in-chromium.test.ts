import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { toSeconds } from '@keyfob/server/grants';
import type { Vehicle } from '@keyfob/server/grants';
import { openBrowser, SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { redeemed, sampleCode, sampleCodeUse, sampleVehicle } from '../support/samples.ts';
import { makeGrant } from '../support/make-client.ts';
import { sampleLogo } from '../support/sample-logo.ts';
import { openConnectTrial, pleosUrl, smartcarUrl } from './connect-trial.ts';
import type { TrialClient } from './connect-trial.ts';
import { openUpstreamProvider } from '../support/upstream-provider.ts';

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** An app whose callback redirects to a page of another origin. */
const openApp = async (): Promise<{ readonly callback: string; readonly home: string; close(): void }> => {
  const server = createServer((request, response) => {
    const isCallback = request.url?.startsWith('/callback') === true;
    if (isCallback)
      response.writeHead(302, { Location: `${home}${request.url?.slice('/callback'.length) ?? ''}` });
    response.end('<title>Home</title>');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const home = `http://localhost:${port}/home`;
  return {
    callback: `http://127.0.0.1:${port}/callback`,
    home,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** The violations that axe finds. The policy of the page does not apply to scripts of the test. */
const findViolations = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    type Axe = { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
};

/** In a page: refreshes with a header that needs a preflight, and asks for the owner with the new token. */
const refreshInPage = async ({ url, form }: { readonly url: string; readonly form: string }) => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Idempotency-Key': 'one' };
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', headers, body: form });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const user = await fetch(`${url}/v2.0/user`, { headers: { Authorization: `Bearer ${token}` } });
  const { id } = (await user.json()) as { id: string };
  return { id, requestId: user.headers.get('SC-Request-Id') };
};

describe('In a browser', { skip: SKIPPED_WITHOUT_CHROMIUM }, async () => {
  if (SKIPPED_WITHOUT_CHROMIUM !== false) return;
  const app = await openApp();
  after(() => app.close());
  const browser = await openBrowser();
  after(() => browser.close());
  const trial = await openConnectTrial({ after });
  const client = await trial.register('smartcar', { redirectUris: [app.callback] });
  const longName = await trial.register('smartcar', { name: `Car${'data'.repeat(20)} Insurance` });
  const pleos = await trial.register('pleos', { redirectUris: [app.callback] });
  const { store } = trial.deployment;
  const complete = await trial.register('smartcar', {
    name: '충전 계획 · شحن',
    developer: `${'Example '.repeat(7)}GmbH`,
    privacyUrl: 'https://app.example/privacy',
    logo: sampleLogo(),
  });
  await store.changeClient(complete.clientId, { policy: { accessTokenFormat: 'jwt' } });
  const fleet = Array.from({ length: 9 }, (_, at) =>
    sampleVehicle(at + 1, { nickname: at === 0 ? 'سيارة '.repeat(20) : '' }),
  );
  let consents = 0n;
  /** Gives consent without the pages. */
  const share = async ({ clientId }: TrialClient, vehicles: readonly Vehicle[], brand?: string) => {
    const presented = { grantId: ++consents, clientId, brand };
    const issuedAtMs = Date.now();
    const code = sampleCode({ ...presented, issuedAtMs, vehicles, subject: 'simulated:owner-2' });
    await store.createCode(code);
    await redeemed(
      store,
      sampleCodeUse({ nowMs: issuedAtMs, presented: { ...presented, issuedAt: toSeconds(issuedAtMs) } }),
    );
  };
  await share(complete, fleet);
  await share(longName, fleet.slice(0, 2));
  await share(pleos, fleet.slice(2, 3), 'kia');

  test('an owner arrives where the callback of the app redirects to, even on another origin', async () => {
    const page = await browser.newPage();
    await page.goto(smartcarUrl(trial, client));
    await page.getByRole('button', { name: 'Demo owner 1' }).click();
    await page.getByRole('button', { name: 'Agree' }).click();
    await page.waitForURL(/\/home/);
    assert.ok(page.url().startsWith(`${app.home}?code=`), page.url());
    await page.goto(smartcarUrl(trial, client));
    await page.getByRole('button', { name: 'Decline' }).click();
    await page.waitForURL(/error=access_denied/);
    await page.close();
  });

  test('a script refreshes and reads at the origin of its public client, and nothing at another', async () => {
    const redirectUris = [new URL('/callback', app.home).href];
    const { clientId } = await trial.register('smartcar', { type: 'public', redirectUris });
    const wanted = { clientId, subject: 'simulated:owner-9', scope: 'read_odometer', brand: undefined };
    const { tokens } = await makeGrant(trial.deployment, wanted);
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      refresh_token: tokens.refreshToken,
    }).toString();
    const page = await browser.newPage();
    await page.goto(app.callback.replace('/callback', '/elsewhere'));
    await assert.rejects(page.evaluate(refreshInPage, { url: trial.url, form }), /Failed to fetch/);
    await page.goto(app.home);
    const { id, requestId } = await page.evaluate(refreshInPage, { url: trial.url, form });
    assert.equal(id, 'simulated:owner-9');
    assert.match(requestId ?? '', /^[0-9a-f-]{36}$/);
    await page.close();
  });

  for (const locale of ['en', 'ko'] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`axe finds no violation on any page: ${colorScheme}, ${locale}`, async () => {
        const context = await browser.newContext({
          locale,
          colorScheme,
          viewport: { width: 320, height: 640 },
        });
        const page = await context.newPage();
        const check = async (what: string): Promise<void> => {
          assert.deepEqual(await findViolations(page), [], what);
          const width = await page.evaluate<number>('document.documentElement.scrollWidth');
          assert.ok(width <= 320, `${what} is ${width} px wide`);
        };
        await page.goto(`${trial.url}/connect`);
        await check('the owner page before sign-in');
        await page.goto(smartcarUrl(trial, client));
        await check('sign-in');
        await page.locator('button[value="2"]').click();
        for (const make of ['HYUNDAI', 'KIA', 'GENESIS', undefined]) {
          await page.goto(smartcarUrl(trial, client, { make }));
          await check(`consent for ${make ?? 'any make'}`);
        }
        await page.goto(`${trial.url}/connect`);
        assert.equal(await page.locator('article').count(), 3);
        await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
        await check('the owner page');
        await page.goto(smartcarUrl(trial, complete));
        await check('consent for a client with a logo');
        await page.goto(smartcarUrl(trial, longName));
        await check('consent for a client with a long name');
        await page.locator('button[value="agree"]').click();
        await page.getByRole('alert').waitFor();
        await check('consent without a vehicle');
        await page.goto(smartcarUrl(trial, client, { make: 'TESLA' }));
        await check('no vehicle');
        await page.goto(pleosUrl(trial, pleos));
        await check('Pleos login');
        await page.goto(smartcarUrl(trial, client, { client_id: 'nobody' }));
        await check('an unknown client');
        await page.goto(trial.url);
        await check('the root');
        await page.goto(`${trial.url}/nothing`);
        await check('an unknown address');
        await page.goto(`${trial.url}/connect`);
        await context.clearCookies();
        await page.locator('button[value="sign_out"]').click();
        await page.locator('.message').waitFor();
        await check('a form without a cookie');
        await context.close();
      });
    }
  }

  test('an owner signs in at the provider, and signs out', async (t) => {
    const upstream = await openUpstreamProvider();
    t.after(() => upstream.close());
    const real = await openConnectTrial(t, {
      signInIssuer: upstream.issuer,
      signInClientId: upstream.clientId,
      signInClientSecret: upstream.clientSecret,
    });
    upstream.serve(`${real.url}/connect/callback`);
    const page = await browser.newPage();
    await page.goto(`${real.url}/connect`);
    await page.getByRole('button', { name: 'Sign in with your account' }).click();
    await page.getByText('Signed in as Name of owner-1').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Yes' }).click();
    await page.getByText('You are signed out.').waitFor();
    assert.equal(new URL(page.url()).origin, real.url);
    await page.close();
  });
});
