import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConnectTrial, redeemCode, smartcarUrl } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';
import type { PlainBrowser } from './plain-browser.ts';

/** Signs in as demo owner 1. Returns the page that follows. */
const signIn = async (browser: PlainBrowser, url: string) =>
  browser.open((await browser.press(await browser.open(url), '1')).location);

test('without --demo, a simulated owner cannot see or remove grants on the owner page', async (t) => {
  const trial = await openConnectTrial(t, {});
  const client = await trial.register('smartcar');
  const url = smartcarUrl(trial, client, { mode: 'simulated' });
  const tester = createPlainBrowser();
  const consent = await signIn(tester, url);
  const agreed = await tester.press(consent, 'agree', {
    'vehicle_9e2c0502-36cd-5f62-a987-a4b4dde6d189': 'yes',
  });
  const code = new URL(agreed.location).searchParams.get('code') ?? '';
  assert.equal((await redeemCode(trial, 'smartcar', client, { code }))[0], 200);

  const stranger = createPlainBrowser();
  const page = await signIn(
    stranger,
    smartcarUrl(trial, await trial.register('smartcar', { name: 'Other' }), { mode: 'simulated' }),
  );
  assert.doesNotMatch((await stranger.open(`${trial.url}/connect`)).body, /Charge planner/);
  const [grant] = await trial.deployment.store.listConsents('simulated:owner-1', { limit: 1 });
  const id = BigInt.asUintN(64, grant?.id ?? 0n)
    .toString(16)
    .padStart(16, '0');
  const form = /name="form_token" value="(?<token>[^"]*)"/.exec(page.body)?.groups?.['token'] ?? '';
  const [cookie] = [...stranger.cookies].map(([name, value]) => `${name.split(' ')[1]}=${value}`);
  await fetch(`${trial.url}/connect`, {
    method: 'POST',
    headers: { Cookie: cookie ?? '' },
    body: new URLSearchParams({ form_token: form, action: 'remove', grant: id }),
    redirect: 'manual',
  });
  assert.equal((await trial.deployment.store.readGrant(grant?.id ?? 0n))?.revocation, undefined);
});

for (const mode of ['simulated', 'test'])
  test(`without --demo and without permission, a client cannot use mode=${mode}`, async (t) => {
    const trial = await openConnectTrial(t, {});
    const client = await trial.register('smartcar', { policy: { simulatedOwners: false } });
    const page = await createPlainBrowser().open(smartcarUrl(trial, client, { mode }));
    assert.equal(new URL(page.location || trial.url).searchParams.get('error'), 'unauthorized_client');
  });

for (const mode of ['simulated', 'test'])
  test(`without --demo, a public client cannot use mode=${mode}: nothing would prove who gets the tokens`, async (t) => {
    const trial = await openConnectTrial(t, {});
    const client = await trial.register('smartcar', { type: 'public' });
    const code = { code_challenge: 'v'.repeat(43), code_challenge_method: 'S256' };
    const page = await createPlainBrowser().open(smartcarUrl(trial, client, { mode, ...code }));
    assert.equal(new URL(page.location || trial.url).searchParams.get('error'), 'unauthorized_client');
  });
