import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openBrowser, SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { checkPage } from './check-page.ts';
import { openLivelyKeeper } from './lively-keeper.ts';
import type { LivelyKeeper } from './lively-keeper.ts';

const PHONE = { width: 390, height: 844 };

describe("The keeper's status page", { skip: SKIPPED_WITHOUT_CHROMIUM }, () => {
  let lively: LivelyKeeper;
  let browser: Browser;
  before(async () => {
    [lively, browser] = await Promise.all([openLivelyKeeper(), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await lively.close();
  });

  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({
      viewport: PHONE,
      httpCredentials: { username: 'anybody', password: lively.password },
      ...options,
    });
    const page = await context.newPage();
    await page.goto(lively.url);
    return page;
  };

  for (const colorScheme of ['light', 'dark'] as const)
    test(`is clean for axe on a phone and on a desktop, ${colorScheme}`, async () => {
      const page = await open({ colorScheme });
      await page.locator('summary').click();
      await checkPage(page, `keeper-${colorScheme}`);
    });

  test('has no column that a narrow phone would have to scroll to', async () => {
    const page = await open({ viewport: { width: 320, height: 640 } });
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);
  });

  test('says what is wrong, why, until when, and where the owner consents again; without a script as well', async () => {
    const page = await open({ javaScriptEnabled: false });
    const trouble = page.getByRole('listitem').filter({ hasText: 'vin:5YJ3E1EA7KF317000' });
    await trouble.getByText('Needs consent').waitFor();
    await trouble.getByText(/The owner or the provider ended the access/).waitFor();
    assert.equal(
      await trouble.getByLabel(/Reconnect link/).inputValue(),
      'https://app.example/connect/vin%3A5YJ3E1EA7KF317000',
    );
    const risky = page.getByRole('listitem').filter({ hasText: 'vin:WBA3A5C51CF256651' });
    await risky.getByText(/The access token ends in \d+ min/).waitFor();
    await page.getByText(/The provider refuses the client \(invalid_client\)/).waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
  });

  test('copies a reconnect link with one press', async () => {
    const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: 'Copy' }).first().click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    assert.match(copied, /^https:\/\/app\.example\/connect\/vin%3A/);
  });

  test('is shown to nobody without a key that may read, and holds no token', async () => {
    const bare = await fetch(lively.url);
    assert.equal(bare.status, 401);
    assert.match(bare.headers.get('www-authenticate') ?? '', /^Basic /);
    const ask = (password: string): Promise<Response> =>
      fetch(lively.url, {
        headers: { authorization: `Basic ${Buffer.from(`:${password}`).toString('base64')}` },
      });
    assert.equal((await ask('kfk_wrong')).status, 401);
    const answer = await ask(lively.password);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const text = await answer.text();
    for (const token of lively.tokens) assert.ok(!text.includes(token));
    const posted = await fetch(lively.url, { method: 'POST' });
    assert.equal(posted.status, 404);
  });
});
