import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { DIALECTS } from '@keyfob/server/dialects';
import { createPlainBrowser, formsOf } from '../connect/plain-browser.ts';
import type { PlainBrowser, PlainPage } from '../connect/plain-browser.ts';
import { runCommand } from '../support/run-command.ts';
import { serverFor } from '../support/test-directory.ts';

type DemoClient = {
  readonly dialect: string;
  readonly clientSecret: string;
  readonly authorizeUrl: string;
  readonly redirectUri: string;
};

const hasCurl = (await runCommand('curl', ['--version'])).code === 0;
const NAMES: readonly string[] = Object.values(DIALECTS).map(({ name }) => name);
/** The only vehicle of demo owner 1. */
const VEHICLE = { 'vehicle_9e2c0502-36cd-5f62-a987-a4b4dde6d189': 'yes' };

const server = await serverFor({ after }, { args: ['--demo', '--log-level', 'debug'] });

const clientOf = (dialect: string): DemoClient =>
  (server.listening['demo'] as readonly DemoClient[]).find((one) => one.dialect === dialect) ??
  assert.fail(`no demo client of ${dialect}`);

/** Follows the printed link as demo owner 1, and presses `button` on the consent page. */
const arrive = async (browser: PlainBrowser, dialect: string, button: string): Promise<PlainPage> => {
  const { authorizeUrl, redirectUri } = clientOf(dialect);
  const page = await browser.open(authorizeUrl);
  // The owner stays signed in for the next dialect.
  const isSignedOut = formsOf(page).some(({ hidden }) => hidden.some(([, value]) => value === 'sign_in'));
  const consent = isSignedOut ? await browser.open((await browser.press(page, '1')).location) : page;
  const { location } = await browser.press(consent, button, VEHICLE);
  assert.ok(location.startsWith(`${redirectUri}?`), location);
  return browser.open(location);
};
const codeIn = ({ url }: PlainPage): string => new URL(url).searchParams.get('code') ?? '';
const commandIn = ({ body }: PlainPage): string =>
  (/<code>(?<command>curl [^<]*)<\/code>/.exec(body)?.groups?.['command'] ?? '')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
const refreshTokenIn = (text: string): string =>
  /refresh_?token(?:&quot;|"): ?(?:&quot;|")(?<token>[\w-]+)/i.exec(text)?.groups?.['token'] ?? '';

describe('The callback page of the demo', () => {
  for (const dialect of NAMES) {
    test(`exchanges the code of the ${dialect} client at a button, as often as it is pressed`, async () => {
      const browser = createPlainBrowser();
      const page = await arrive(browser, dialect, 'agree');
      assert.equal(page.status, 200);
      assert.ok(page.body.includes(`<code>${codeIn(page)}</code>`));
      assert.ok(!page.body.includes(clientOf(dialect).clientSecret), 'the page shows the secret');
      const answered = await browser.press(page, 'exchange');
      assert.match(answered.body, /The answer \(HTTP 200\)/);
      const token = refreshTokenIn(answered.body);
      assert.notEqual(token, '');
      assert.equal(refreshTokenIn((await browser.press(answered, 'exchange')).body), token);
    });

    test(`shows a ${dialect} command that exchanges the code`, { skip: !hasCurl }, async () => {
      const page = await arrive(createPlainBrowser(), dialect, 'agree');
      const { stdout, stderr } = await runCommand('bash', ['-c', commandIn(page)]);
      assert.notEqual(refreshTokenIn(stdout), '', `${stdout}${stderr}`);
    });
  }

  test('reports a refused exchange as the app would see it', { skip: !hasCurl }, async () => {
    const browser = createPlainBrowser();
    const page = await arrive(browser, 'oauth', 'agree');
    await runCommand('bash', ['-c', commandIn(page)]);
    const answered = await browser.press(page, 'exchange');
    assert.match(answered.body, /The answer \(HTTP 400\)[^]*invalid_grant/);
  });

  test('says so where the owner declined, or where there is no code', async () => {
    const declined = await arrive(createPlainBrowser(), 'smartcar', 'decline');
    assert.match(declined.body, /You did not agree[^]*error=access_denied/);
    const { redirectUri } = clientOf('smartcar');
    const empty = await createPlainBrowser().open(`${redirectUri}?error=%3Cb%3E`);
    assert.deepEqual([empty.status, empty.body.includes('&lt;b')], [400, false]);
  });

  test('shows no command for a code that is none, so that nobody pastes what a stranger wrote', async () => {
    const { redirectUri } = clientOf('smartcar');
    for (const code of ["';touch x;'", 'x', '$(id)']) {
      const page = await createPlainBrowser().open(`${redirectUri}?code=${encodeURIComponent(code)}`);
      assert.equal(page.status, 400, code);
      assert.match(page.body, /<code>code does not have the form/);
      assert.doesNotMatch(page.body, /curl /);
    }
  });

  test('exchanges nothing for a form of another session or site', async () => {
    const browser = createPlainBrowser();
    const page = await arrive(browser, 'smartcar', 'agree');
    const stranger = createPlainBrowser();
    await stranger.open(page.url);
    assert.equal((await stranger.press(page, 'exchange')).status, 403);
    const elsewhere = await browser.press(page, 'exchange', {}, { 'Sec-Fetch-Site': 'cross-site' });
    assert.equal(elsewhere.status, 403);
    assert.match((await browser.press(page, 'exchange')).body, /The answer \(HTTP 200\)/);
  });

  test('leaks the code to no other page and to no log', async () => {
    const page = await arrive(createPlainBrowser(), 'pleos', 'agree');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.doesNotMatch(page.body, /(?:href|src|action)="(?:https?:)?\/\//);
    assert.ok(!server.log().includes(codeIn(page)));
  });
});

test('without --demo there is no callback page', async (t) => {
  const { url } = await serverFor(t);
  const page = await createPlainBrowser().open(`${url}/demo/callback/smartcar?code=x`);
  assert.equal(page.status, 404);
});
