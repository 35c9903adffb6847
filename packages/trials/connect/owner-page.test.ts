import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { StoreError } from '@keyfob/server';
import { writeGrantId } from '@keyfob/server/tokens';
import type { GrantId } from '@keyfob/server/tokens';
import { openConnectTrial, pleosUrl, redeemCode, smartcarUrl } from './connect-trial.ts';
import type { ConnectTrial, TrialClient } from './connect-trial.ts';
import { makeGrant } from '../support/make-client.ts';
import { sampleLogo } from '../support/sample-logo.ts';
import { sampleVehicle } from '../support/samples.ts';
import { createPlainBrowser, formsOf } from './plain-browser.ts';
import type { PlainBrowser, PlainPage } from './plain-browser.ts';

const trial = await openConnectTrial({ after });
const { store } = trial.deployment;

const OWNER = '2';
const SUBJECT = 'simulated:owner-2';
const EV6 = '431df679-8708-5209-8aff-c32138260bf1';
const SPORTAGE = '10add9c1-593f-5181-9b4d-99b7494f054e';

const signIn = async (own: ConnectTrial, client: TrialClient): Promise<PlainBrowser> => {
  const browser = createPlainBrowser();
  await browser.press(await browser.open(smartcarUrl(own, client)), OWNER);
  return browser;
};

/** Gives consent. Returns the code, which is not redeemed yet. */
const consent = async (browser: PlainBrowser, url: string, vehicles: readonly string[]): Promise<string> => {
  const fields = Object.fromEntries(vehicles.map((id) => [`vehicle_${id}`, 'yes']));
  const agreed = await browser.press(await browser.open(url), 'agree', fields);
  assert.equal(agreed.status, 302, agreed.body);
  return new URL(agreed.location).searchParams.get('code') ?? '';
};

const share = async (
  browser: PlainBrowser,
  client: TrialClient,
  vehicles: readonly string[],
  scope = 'read_odometer',
): Promise<void> => {
  const code = await consent(browser, smartcarUrl(trial, client, { scope }), vehicles);
  const [status] = await redeemCode(trial, 'smartcar', client, { code });
  assert.equal(status, 200);
};

const grantsOf = async (client: TrialClient) =>
  (await store.listConsents(SUBJECT, { limit: 1000 })).filter(({ clientId }) => clientId === client.clientId);

const activeIds = async (client: TrialClient): Promise<readonly GrantId[]> =>
  (await grantsOf(client)).filter(({ revocation }) => revocation === undefined).map(({ id }) => id);

/** The page with only the cards of one client, so that `press` finds its buttons. */
const cardsOf = (page: PlainPage, name: string): PlainPage & { readonly cards: readonly string[] } => {
  const cards = (page.body.match(/<article[^]*?<\/article>/g) ?? []).filter((card) => card.includes(name));
  return { ...page, body: cards.join(''), cards };
};

const openCards = async (browser: PlainBrowser, name: string) =>
  cardsOf(await browser.open(`${trial.url}/connect`), name);

describe('The owner page', () => {
  test('shows one card for an app however often it was given consent, and one removal ends all', async () => {
    const client = await trial.register('smartcar', { name: 'Twice' });
    const browser = await signIn(trial, client);
    await share(browser, client, [EV6], 'read_odometer');
    await share(browser, client, [SPORTAGE], 'read_location');
    const unredeemed = await consent(browser, smartcarUrl(trial, client), [EV6]);
    const page = await openCards(browser, 'Twice');
    assert.equal(page.cards.length, 1);
    for (const words of ['Odometer', 'Location', 'EV6', 'Sportage', 'Since', 'Last used'])
      assert.ok(page.body.includes(words), words);
    const removed = await browser.press(page, 'remove');
    const later = await browser.open(removed.location);
    assert.match(later.body, /Access has been removed/);
    assert.equal(cardsOf(later, 'Twice').cards.length, 0);
    assert.deepEqual(await activeIds(client), []);
    const revoked = trial.events.filter(
      (event) => event.event === 'grant.revoked' && event.clientId === client.clientId,
    );
    assert.equal(revoked.length, 2);
    const [status] = await redeemCode(trial, 'smartcar', client, { code: unredeemed });
    assert.equal(status, 400);
    // The same form again removes nothing, and says so.
    assert.equal((await browser.press(page, 'remove')).location, `${trial.url}/connect`);
  });

  test('shows one card per brand, each with its own removal', async () => {
    const client = await trial.register('pleos', { name: 'Brands' });
    const browser = createPlainBrowser();
    await browser.press(await browser.open(pleosUrl(trial, client)), OWNER);
    for (const brand of ['kia', 'hyundai']) {
      const code = await consent(browser, pleosUrl(trial, client, { brand }), []);
      const [status] = await redeemCode(trial, 'pleos', client, { code, brand });
      assert.equal(status, 200);
    }
    const page = await openCards(browser, 'Brands');
    assert.equal(page.cards.length, 2);
    const kia = { ...page, body: page.cards.find((card) => card.includes('Kia')) ?? '' };
    for (const words of ['Location, direction and speed', 'use your Kia vehicles', 'No vehicle chosen yet'])
      assert.ok(kia.body.includes(words), words);
    await browser.press(kia, 'remove');
    const rest = await openCards(browser, 'Brands');
    assert.equal(rest.cards.length, 1);
    assert.match(rest.body, /Hyundai/);
  });

  test('removes one vehicle from every grant of an app, and never the last one by itself', async () => {
    const client = await trial.register('smartcar', { name: 'Vehicles' });
    const browser = await signIn(trial, client);
    await share(browser, client, [EV6, SPORTAGE]);
    await share(browser, client, [EV6]);
    const page = await openCards(browser, 'Vehicles');
    const forms = formsOf(page).filter(({ buttons }) =>
      buttons.some(([, value]) => value === 'remove_vehicle'),
    );
    assert.deepEqual(
      forms.map(({ hidden }) => String(Object.fromEntries(hidden)['vehicle'])).sort(),
      [SPORTAGE, EV6].sort(),
    );
    const ofEv6 = /<form(?:(?!<form)[^])*?431df679[^]*?<\/form>/.exec(page.body)?.[0] ?? '';
    const removed = await browser.press({ ...page, body: ofEv6 }, 'remove_vehicle');
    assert.match((await browser.open(removed.location)).body, /The vehicle has been removed/);
    const [rest, ...others] = await activeIds(client);
    assert.deepEqual(others, []);
    assert.deepEqual(
      (await store.listVehicles(rest ?? 0n)).map(({ id }) => id),
      [SPORTAGE],
    );
    const left = await openCards(browser, 'Vehicles');
    assert.doesNotMatch(left.body, /remove_vehicle/);
    assert.match(left.body, /Sportage/);
  });

  test('keeps the access of an app that lets owners choose vehicles again when the last one is removed', async () => {
    const client = await trial.register('pleos', { name: 'Chooses later' });
    const browser = createPlainBrowser();
    await browser.press(await browser.open(pleosUrl(trial, client)), OWNER);
    const code = await consent(browser, pleosUrl(trial, client), []);
    await redeemCode(trial, 'pleos', client, { code });
    const [id = 0n] = await activeIds(client);
    await store.selectVehicles(id, [sampleVehicle(1, { make: 'kia' })], { nowMs: Date.now() });
    await browser.press(await openCards(browser, 'Chooses later'), 'remove_vehicle');
    assert.deepEqual(await store.listVehicles(id), []);
    assert.deepEqual(await activeIds(client), [id]);
  });

  test('shows a grant that an operator made, with what its owner chose for it, and removes it', async () => {
    const client = await trial.register('pleos', { name: 'Personal' });
    const wanted = { clientId: client.clientId, subject: SUBJECT, scope: '', brand: undefined };
    const { grant } = await makeGrant(trial.deployment, wanted);
    const policy = { personalGrant: writeGrantId(grant.id), refreshTokenLifetimeSeconds: 315_360_000 };
    assert.equal(await store.changeClient(client.clientId, { policy }), 'changed');
    await store.selectVehicles(grant.id, [sampleVehicle(1, { make: 'kia' })], { nowMs: Date.now() });
    const readToken = async () => {
      const { clientId, clientSecret } = client;
      const body = JSON.stringify({ clientId, clientSecret });
      const headers = { 'content-type': 'application/json', brand: 'kia' };
      return fetch(`${trial.url}/v1/auth/personal-token`, { method: 'POST', headers, body });
    };
    assert.equal((await readToken()).status, 200);
    const browser = await signIn(trial, await trial.register('smartcar'));
    const page = await openCards(browser, 'Personal');
    assert.equal(page.cards.length, 1);
    assert.match(page.body, /remove_vehicle/);
    const removed = await browser.press(page, 'remove');
    const later = await browser.open(removed.location);
    assert.match(later.body, /Access has been removed/);
    assert.equal(cardsOf(later, 'Personal').cards.length, 0);
    assert.equal((await store.readGrant(grant.id))?.revocation?.cause, 'owner');
    assert.notEqual((await readToken()).status, 200);
  });

  test('says until when JWTs are accepted, before a removal and after it', async () => {
    const client = await trial.register('smartcar', { name: 'Offline' });
    await store.changeClient(client.clientId, { policy: { accessTokenFormat: 'jwt' } });
    const browser = await signIn(trial, client);
    await share(browser, client, [EV6]);
    const until = /accept it until <time datetime="(?<until>[^"]+)"/;
    const page = await openCards(browser, 'Offline');
    const before = Date.parse(until.exec(page.body)?.groups?.['until'] ?? '');
    assert.ok(before > Date.now());
    const later = await browser.open((await browser.press(page, 'remove')).location);
    assert.equal(cardsOf(later, 'Offline').cards.length, 0);
    const section = /<section[^]*?<\/section>/.exec(later.body)?.[0] ?? '';
    assert.match(section, /Offline/);
    assert.ok(Date.parse(until.exec(section)?.groups?.['until'] ?? '') >= before);
    trial.ahead = before + 10_000 - Date.now();
    try {
      const fresh = await signIn(trial, client);
      assert.doesNotMatch((await fresh.open(`${trial.url}/connect`)).body, /Offline/);
    } finally {
      trial.ahead = 0;
    }
  });

  test('says until when the access works that a replay has left, and a removal ends it', async () => {
    const client = await trial.register('smartcar', { name: 'Replayed' });
    const browser = await signIn(trial, client);
    await share(browser, client, [EV6]);
    const [id = 0n] = await activeIds(client);
    await store.revoke(id, { nowMs: Date.now(), cause: 'replay' });
    const page = await browser.open(`${trial.url}/connect`);
    const section = /<section[^]*?<\/section>/.exec(page.body)?.[0] ?? '';
    assert.match(section, /Replayed[^]*works until <time/);
    const removed = await browser.press({ ...page, body: section }, 'remove');
    const later = (await browser.open(removed.location)).body;
    assert.match(later, /Access has been removed/);
    assert.doesNotMatch(later, /Replayed/);
    assert.equal((await store.readGrant(id))?.revocation?.cause, 'owner');
  });

  test('never says that access was removed when the store failed', async (t) => {
    const client = await trial.register('smartcar', { name: 'Failing' });
    const browser = await signIn(trial, client);
    await share(browser, client, [EV6]);
    const page = await openCards(browser, 'Failing');
    t.mock.method(store, 'withdraw', () => Promise.reject(new StoreError('unavailable', 'a test')));
    const failed = await browser.press(page, 'remove');
    assert.deepEqual([failed.status, failed.location], [503, '']);
    t.mock.restoreAll();
    assert.equal((await activeIds(client)).length, 1);
    assert.match(
      (await browser.open((await browser.press(page, 'remove')).location)).body,
      /has been removed/,
    );
  });

  test('shows the logo, the developer and the privacy link of an app, and loads nothing from it', async () => {
    const logo = sampleLogo();
    const client = await trial.register('smartcar', {
      name: 'With logo',
      developer: 'Example GmbH',
      privacyUrl: 'https://app.example/privacy?a=1&b=2',
      logo,
    });
    const browser = await signIn(trial, client);
    const asked = await browser.open(smartcarUrl(trial, client));
    await share(browser, client, [EV6]);
    for (const { body } of [asked, await openCards(browser, 'With logo')]) {
      assert.ok(body.includes(`<img class="app" src="data:image/png;base64,${logo.toString('base64')}"`));
      assert.match(body, /by <bdi>Example GmbH<\/bdi>/);
      assert.match(
        body,
        /<a href="https:\/\/app\.example\/privacy\?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">/,
      );
    }
  });
});

describe('The names on a page', () => {
  test('are isolated, without invisible characters, and cut between characters', async () => {
    const client = await trial.register('smartcar');
    // As a version without this rule could have stored it.
    const name = `Pay\u202Elap ${'👨‍👩‍👧'.repeat(70)}`;
    const changed = await store.readClient(client.clientId);
    assert.ok(changed.client !== undefined);
    await store.createClient({ ...changed.client, id: 'unclean', name, secrets: [] });
    const page = await (
      await signIn(trial, client)
    ).open(smartcarUrl(trial, { ...client, clientId: 'unclean' }));
    assert.ok(page.body.includes(`<bdi>Paylap ${'👨‍👩‍👧'.repeat(52)}…</bdi>`));
    assert.doesNotMatch(page.body, /\u202E/);
  });
});

describe('A switch of language', () => {
  test('keeps the chosen vehicles, and works without a script', async () => {
    const client = await trial.register('smartcar', { name: 'Languages' });
    const browser = await signIn(trial, client);
    const page = await browser.open(smartcarUrl(trial, client));
    const button =
      /<button\s+class="link"(?<attributes>[^>]*)>/.exec(page.body)?.groups?.['attributes'] ?? '';
    assert.match(button, /form="choice"/);
    const address = /formaction="(?<address>[^"]+)"/.exec(button)?.groups?.['address'] ?? '';
    // The button belongs to the form by its id, and names the address itself.
    const form = page.body
      .replace(/action="[^"]*" id="choice"/, `action="${address}" id="choice"`)
      .replace('value="agree"', 'value="switch_language"');
    const fields = { [`vehicle_${EV6}`]: 'yes', [`vehicle_${SPORTAGE}`]: 'yes' };
    const korean = await browser.press({ ...page, body: form }, 'switch_language', fields);
    assert.equal(korean.status, 200);
    assert.match(korean.body, /<html lang="ko">/);
    assert.equal(korean.body.match(/\bchecked\b/g)?.length, 2);
    assert.doesNotMatch(korean.body, /role="alert"/);
    const agreed = await browser.press(korean, 'agree', fields);
    assert.ok(new URL(agreed.location).searchParams.has('code'));
  });
});
