import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Role } from '@keyfob/server/operators';
import { openBrowser, SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { openLivelyConsole } from '../support/lively-console.ts';
import { registerItself } from '../support/self-registered.ts';
import type { LivelyConsole } from '../support/lively-console.ts';
import { CONSOLE_PAGES, NO_PAGE } from '../support/console-pages.ts';
import type { ConsoleIds, PageRow } from '../support/console-pages.ts';
import { checkAxe, checkPage, takePictures } from './check-page.ts';
import { findUnreachable, pressUntil } from './keyboard.ts';

const PHONE = { width: 390, height: 844 };
const NARROW = { width: 320, height: 640 };
/** What names owners on these pages. */
const OWNERS = ['owner-5518', 'owner-6042', 'owner-7781', 'owner-9120', '5YJ', 'KMHTEST'];

/** What is drawn beyond the edge of its card. The head of a table is hidden there. */
const findOutside = `[...document.querySelectorAll('main section')].flatMap((card) => {
  const { right } = card.getBoundingClientRect();
  return [...card.querySelectorAll(':not(thead, thead *)')]
    .filter((one) => one.getBoundingClientRect().right > right + 1)
    .map((one) => one.outerHTML.slice(0, 80));
})`;

const openForms = (page: Page): Promise<unknown> =>
  page.evaluate('document.querySelectorAll("details").forEach((one) => (one.open = true))');

describe('The console', { skip: SKIPPED_WITHOUT_CHROMIUM }, () => {
  let trial: LivelyConsole;
  let browser: Browser;
  before(async () => {
    [trial, browser] = await Promise.all([openLivelyConsole({ clientRegistration: true }), openBrowser()]);
    await registerItself(trial.server, trial.url);
  });
  after(async () => {
    await browser.close();
    await trial.close();
  });

  /** A window of somebody who is signed in. */
  const open = async (role: Role, options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: PHONE, ...options });
    const page = await context.newPage();
    await page.goto(await trial.link(role));
    await page.locator('main button.primary').click();
    await page.waitForURL(role === 'developer' ? '**/console/clients/*' : '**/console');
    return page;
  };

  const idsOf = (): ConsoleIds => ({
    clientId: trial.client.clientId,
    grants: trial.grants,
    delivery: trial.delivery,
  });
  const addressOf = ({ path }: PageRow): string => `${trial.adminUrl}${path(idsOf())}`;

  for (const [colorScheme, lang] of [
    ['light', 'en'],
    ['dark', 'ko'],
  ] as const)
    test(`is clean for axe on every page, with its forms open, ${colorScheme}, ${lang}`, async () => {
      const page = await open('admin', { colorScheme, locale: lang });
      for (const row of [...CONSOLE_PAGES, NO_PAGE]) {
        const answer = await page.goto(addressOf(row));
        assert.equal(answer?.status(), row === NO_PAGE ? 404 : 200, row.name);
        await takePictures(page, `console-${row.name}-${colorScheme}`);
        await openForms(page);
        await checkAxe(page, `console-${row.name}-${colorScheme}`);
      }
      const stranger = await (await browser.newContext({ colorScheme, locale: lang })).newPage();
      await stranger.goto(`${trial.adminUrl}/console`);
      await checkPage(stranger, `console-gate-${colorScheme}`);
      await stranger.goto(await trial.link('viewer'));
      await checkPage(stranger, `console-link-${colorScheme}`);
    });

  for (const locale of ['en', 'ko'])
    test(`fits 320 pixels on every page, without JavaScript and with its forms open, ${locale}`, async () => {
      const page = await open('admin', { viewport: NARROW, javaScriptEnabled: false, locale });
      for (const row of [...CONSOLE_PAGES, NO_PAGE]) {
        await page.goto(addressOf(row));
        assert.equal(await page.locator('h1').count(), 1, row.name);
        await openForms(page);
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(width <= NARROW.width, `${row.name} is ${width} wide`);
        assert.deepEqual(await page.evaluate(findOutside), [], row.name);
      }
    });

  test('is used by keyboard alone on every page, and shows where the focus is', async () => {
    const page = await open('admin');
    for (const row of [...CONSOLE_PAGES, NO_PAGE]) {
      await page.goto(addressOf(row));
      await page.keyboard.press('Tab');
      assert.equal(
        await page.locator('.skip').evaluate((one) => one === one.ownerDocument.activeElement),
        true,
      );
      await openForms(page);
      assert.deepEqual(await findUnreachable(page), [], row.name);
    }
  });

  test('waits for events only with JavaScript, and says so without', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await open('support', { javaScriptEnabled });
      await page.goto(`${trial.adminUrl}/console/live`);
      await page.locator(javaScriptEnabled ? '#waiting' : '.notice.bad').waitFor();
      assert.equal(await page.locator('#waiting').isVisible(), javaScriptEnabled);
      assert.equal(await page.locator('#pause').isVisible(), javaScriptEnabled);
    }
  });

  test('says why a connection stopped, and puts it back without JavaScript and by keyboard alone', async () => {
    const page = await open('support', { javaScriptEnabled: false });
    await page.locator('#find').fill('owner-5518@example.com');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    const sentence = page.locator('.sentence');
    assert.match(
      (await sentence.textContent()) ?? '',
      /^Stopped: refresh token 5 was presented 3 days after/,
    );
    assert.match((await page.locator('.why').textContent()) ?? '', /restored backup/);
    await page.getByText('Put it back').first().click();
    await page.locator('#why-reinstate').fill('the client restored a backup and knows its newest token');
    await page.locator('#why-reinstate').press('Enter');
    await page.getByText('The connection works again.').waitFor();
    assert.match((await sentence.textContent()) ?? '', /^Works/);
    const keys = await open('support');
    await keys.goto(`${trial.adminUrl}/console/grants/${trial.grants.restored}`);
    await pressUntil(keys, '.change summary');
    await keys.keyboard.press('Enter');
    await pressUntil(keys, '#why-revoke');
    await keys.keyboard.type('back to how it was');
    await keys.keyboard.press('Enter');
    await keys.getByText('The connection is stopped.').waitFor();
  });

  test('finds the grant of a pasted token, and shows it nowhere', async () => {
    const page = await open('support');
    await page.locator('#find').fill(trial.refreshToken);
    await page.locator('#kind').selectOption('token');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await page.getByText('would get new tokens now').waitFor();
    const shown = await page.content();
    assert.ok(!shown.includes(trial.refreshToken));
    assert.ok(!page.url().includes(trial.refreshToken));
  });

  test('shows a new secret once; a reload makes no second one', async () => {
    const page = await open('operator');
    await page.goto(`${trial.adminUrl}/console/clients/${trial.client.clientId}`);
    await page.getByText('Add a secret').first().click();
    await page.locator('#secret-name').fill('2027');
    await page.locator('#why-add').fill('the old one is a year old');
    await page.locator('#why-add').press('Enter');
    const secret = (await page.locator('#made').textContent()) ?? '';
    assert.match(secret.trim(), /^[\w-]{43}$/);
    await page.reload();
    await page.getByText('This write was asked for before').waitFor();
    await page.goto(`${trial.adminUrl}/console/clients/${trial.client.clientId}`);
    assert.equal(await page.getByText('2027', { exact: true }).count(), 1);
    assert.ok(!(await page.content()).includes(secret.trim()));
  });

  test('lets a developer replace a secret and manage webhooks, without JavaScript at 320 pixels', async () => {
    const page = await open('developer', { javaScriptEnabled: false, viewport: NARROW });
    assert.deepEqual(await page.locator('nav.parts a').allTextContents(), ['My project', 'Webhooks', 'Live']);
    await page.locator('.tiles').waitFor();
    await page.getByText('Add a secret').first().click();
    await page.locator('#secret-name').fill('rolled');
    await page.locator('#overlap').fill('7');
    await page.locator('#why-add').fill('the old one was in a screenshot');
    await page.locator('#why-add').press('Enter');
    assert.match((await page.locator('#made').textContent()) ?? '', /[\w-]{43}/);
    await page.goto(`${trial.adminUrl}/console/webhooks`);
    await page.getByText('Add a webhook').first().click();
    await page.locator('#new-url').fill('https://app.example/hook');
    await page.locator('#why-add-webhook').fill('we stop polling');
    await page.locator('#why-add-webhook').press('Enter');
    assert.match((await page.locator('#made').textContent()) ?? '', /whsec_/);
    await page.goto(`${trial.adminUrl}/console/webhooks`);
    const webhook = page.locator('.webhook');
    assert.deepEqual(await webhook.locator('h2').allTextContents(), ['https://app.example/hook']);
    await webhook.getByText('Change', { exact: true }).first().click();
    await webhook.locator('input[type=url]').fill('https://app.example/moved');
    await webhook.locator('[id^=why-change]').fill('another host');
    await webhook.locator('[id^=why-change]').press('Enter');
    await page.getByText('The webhook is changed.').waitFor();
    await webhook.getByText('Remove', { exact: true }).first().click();
    await webhook.locator('[id^=why-remove]').fill('only a try');
    await webhook.locator('[id^=why-remove]').press('Enter');
    await page.getByText('The webhook is removed.').waitFor();
    assert.equal(await webhook.count(), 0);
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    assert.ok(width <= NARROW.width, String(width));
  });

  test('shows a developer own pages without an owner, clean for axe, and no other page', async () => {
    const schemes = { light: 'en', dark: 'ko' } as const;
    for (const [colorScheme, locale] of Object.entries(schemes) as ['light' | 'dark', string][]) {
      const page = await open('developer', { colorScheme, locale });
      for (const row of CONSOLE_PAGES.filter(({ isForDevelopers }) => isForDevelopers === true)) {
        await page.goto(addressOf(row));
        await checkPage(page, `developer-${row.name}-${colorScheme}`);
        const shown = await page.content();
        for (const owner of [...OWNERS, 'hooks.example'])
          assert.ok(!shown.includes(owner), `${row.name} says ${owner}`);
      }
      for (const path of ['/console/system', '/console/troubles', '/console/audit'])
        assert.equal((await page.goto(`${trial.adminUrl}${path}`))?.status(), 403, path);
    }
    const page = await open('developer');
    await page.locator('#token').fill(trial.refreshToken);
    await page.locator('#token').press('Enter');
    await page.getByText('would get new tokens now').waitFor();
  });

  test('hides owners from a viewer, and offers nothing that the role does not allow', async () => {
    const page = await open('viewer');
    assert.equal(await page.locator('#find').count(), 0);
    for (const row of CONSOLE_PAGES) {
      await page.goto(addressOf(row));
      const shown = await page.content();
      for (const owner of [...OWNERS, '127.0.0.1:1']) assert.ok(!shown.includes(owner), row.name);
      assert.equal(await page.locator('main .change').count(), 0, row.name);
    }
  });

  test('shows what happens, live', async () => {
    const page = await open('viewer');
    await page.goto(`${trial.adminUrl}/console/live`);
    const attached = page.waitForRequest('**/events/live?*').catch(() => undefined);
    await page.reload();
    await attached;
    await fetch(`${trial.url}/oauth/token`, { method: 'POST' });
    const row = page.locator('#live li').first();
    while ((await row.count()) === 0) await fetch(`${trial.url}/oauth/token`, { method: 'POST' });
    assert.match((await row.textContent()) ?? '', /refused/);
  });
});
