import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createGrantIn, startSandboxServer } from '@keyfob/sandbox';
import type { Sandbox, World } from '@keyfob/sandbox';
import { refresh } from '../sandbox/requests.ts';
import { openBrowser, SKIPPED_WITHOUT_CHROMIUM } from '../support/chromium.ts';
import { checkPage } from './check-page.ts';
import { openLivelyWorld } from './lively-world.ts';

const PHONE = { width: 390, height: 844 };
const NARROW = { width: 320, height: 640 };

describe('The page of the sandbox', { skip: SKIPPED_WITHOUT_CHROMIUM }, () => {
  let sandbox: Sandbox;
  let browser: Browser;
  before(async () => {
    [sandbox, browser] = await Promise.all([startSandboxServer(), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await sandbox.close();
  });

  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: PHONE, ...options });
    return context.newPage();
  };

  const liveliest = async (): Promise<World> => {
    const world = await sandbox.createWorld({ clock: '2026-01-01', seed: 'page' });
    await openLivelyWorld(world);
    return world;
  };

  const ask = (world: World, method: string, path: string, body: unknown): Promise<Response> =>
    fetch(`${sandbox.url}/_sandbox/worlds/${world.id}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  const pageOf = (world: World): string => `${sandbox.url}/_sandbox/page/${world.id}`;

  for (const colorScheme of ['light', 'dark'] as const)
    test(`is clean for axe on a phone and on a desktop, ${colorScheme}`, async () => {
      const world = await liveliest();
      const page = await open({ colorScheme });
      await page.goto(`${sandbox.url}/_sandbox/`);
      await checkPage(page, `sandbox-empty-${colorScheme}`);
      await page.goto(pageOf(world));
      await checkPage(page, `sandbox-${colorScheme}`);
      for (const summary of await page.locator('summary').all()) await summary.click();
      await checkPage(page, `sandbox-open-${colorScheme}`);
      await page.goto(`${pageOf(world)}/grants/g3`);
      await checkPage(page, `sandbox-grant-${colorScheme}`);
      await page.goto(`${sandbox.url}/_sandbox/page/nowhere`);
      await checkPage(page, `sandbox-missing-${colorScheme}`);
    });

  test('is never wider than a screen of 320 pixels', async () => {
    const world = await liveliest();
    const page = await open({ viewport: NARROW });
    for (const url of [pageOf(world), `${pageOf(world)}/grants/g1`]) {
      await page.goto(url);
      for (const summary of await page.locator('summary').all()) await summary.click();
      assert.equal(await page.evaluate<number>('document.documentElement.scrollWidth'), NARROW.width, url);
    }
  });

  test('does everything without JavaScript', async () => {
    const page = await open({ javaScriptEnabled: false });
    await page.goto(`${sandbox.url}/_sandbox/`);
    await page.getByText('Create a world').first().click();
    await page.getByLabel('It begins at').fill('2026-01-01');
    await page.getByRole('button', { name: 'Create a world' }).click();
    await page.getByText('was created').waitFor();
    const world = sandbox.worlds.find(new URL(page.url()).pathname.split('/').at(-1) ?? '');
    assert.ok(world !== undefined);

    await page.getByText('Create a grant without a browser').click();
    await page.getByRole('button', { name: 'Create a grant' }).click();
    const token = (await page.locator('.secret').first().textContent()) ?? '';
    await page.getByText('Arm a fault').click();
    await page.getByRole('button', { name: 'Arm it' }).click();
    await page.getByText('f1 is armed').waitFor();
    assert.deepEqual(world.faults.find('f1')?.do, { loseAnswer: 'afterCommit', how: 'reset' });

    await assert.rejects(refresh(world, token), 'the answer is lost');
    await page.getByLabel('A token of this world').fill(token);
    await page.getByRole('button', { name: 'Say it' }).click();
    await page.getByText('g1/0: would be repeated').waitFor();
    assert.doesNotMatch(await page.content(), new RegExp(token), 'the token is nowhere in the page');
    assert.match((await page.locator('.journal').textContent()) ?? '', /committed · 200 ·\s+lost/);

    await page.getByRole('button', { name: '+ 59 d 23 h' }).click();
    await page.getByText('The clock moved by 59 days 23 hours').waitFor();
    assert.equal(world.clock.now(), Date.parse('2026-03-01T23:00:00Z'));
    await page.getByRole('link', { name: /^What each causes/ }).click();
    await page.getByText('would be a replay').waitFor();
    await page.getByRole('button', { name: 'The operator revokes it' }).click();
    await page.getByText('g1 was revoked').waitFor();
    await page.getByRole('button', { name: 'Reinstate it' }).click();
    await page.getByText('g1 was reinstated').waitFor();
    await page.getByRole('button', { name: 'A thief refreshes it' }).click();
    await page.getByText('A thief has refreshed g1').waitFor();

    await page.getByRole('link', { name: /^← World/ }).click();
    await page.getByRole('button', { name: 'Start it' }).click();
    await page.getByText('lost-answer-after has started, with the grant g2').waitFor();
    await page.getByRole('button', { name: 'End lost-answer-after' }).click();
    await page.getByText('lost-answer-after has ended').waitFor();
    await page.getByRole('button', { name: 'Take a checkpoint' }).click();
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.getByText('The server is as it was').waitFor();
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByText('The world is as it was created').waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('The world was removed').waitFor();
    assert.equal(sandbox.worlds.find(world.id), undefined);
  });

  test('says what is wrong with a form, and keeps what was typed', async () => {
    const page = await open({ javaScriptEnabled: false });
    await page.goto(`${sandbox.url}/_sandbox/`);
    await page.getByText('Arm a fault').click();
    await page.getByLabel('What happens', { exact: true }).selectOption('late-world');
    await page.getByLabel(/^Value/).fill('soon');
    await page.getByRole('button', { name: 'Arm it' }).click();
    await page.getByRole('alert').getByText('do.delaySeconds').waitFor();
    assert.equal(await page.getByLabel(/^Value/).inputValue(), 'soon');
    assert.equal(await page.getByLabel('What happens', { exact: true }).inputValue(), 'late-world');
  });

  test('shows a request, a fault and a move of the clock without being loaded again', async () => {
    const world = await sandbox.createWorld({ clock: '2026-01-01' });
    const page = await open();
    const refused: string[] = [];
    page.on('console', (message) => message.type() === 'error' && refused.push(message.text()));
    await page.goto(pageOf(world));
    await page.getByText('Live', { exact: true }).waitFor();
    const { refreshToken } = await createGrantIn(world);
    await refresh(world, refreshToken);
    await page.locator('.journal').getByText('g1/0').waitFor();
    await ask(world, 'POST', '/faults', { do: { sameToken: true } });
    await page.locator('.faults').getByText('The refresh token that was sent comes back').waitFor();
    await ask(world, 'POST', '/clock/advance', { by: 'P1D' });
    await page.locator('.face').getByText('2026-01-02').waitFor();
    assert.deepEqual(refused, [], 'the policy of the page allows all that it does');

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused').waitFor();
  });
});
