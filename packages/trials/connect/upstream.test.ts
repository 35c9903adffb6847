import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { openConnectTrial, redeemCode, smartcarUrl } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';
import type { PlainBrowser, PlainPage } from './plain-browser.ts';
import { openUpstreamProvider } from '../support/upstream-provider.ts';

const VEHICLE_ID = '0b8e8b0a-65c5-4d3b-9d6f-0f3f0d6d6a11';
const upstream = await openUpstreamProvider();
after(() => upstream.close());
const asked: (string | undefined)[] = [];
let vehiclesStatus = 200;
const vehicleService = createServer((request, response) => {
  asked.push(request.headers.authorization, request.url);
  const vehicles = [
    {
      id: VEHICLE_ID,
      vin: 'KMHKM81A0RU104217',
      make: 'Hyundai',
      model: 'IONIQ 5',
      year: 2024,
      nickname: null,
    },
    { id: 'no UUID', vin: 'KNDC3DLC9P5091462', make: 'Kia', model: 'EV6', year: 2023 },
  ];
  response.writeHead(vehiclesStatus).end(JSON.stringify({ vehicles }));
});
await new Promise<void>((resolve) => {
  vehicleService.listen(0, '127.0.0.1', resolve);
});
after(() => vehicleService.close());

const trial = await openConnectTrial(
  { after },
  {
    signInIssuer: upstream.issuer,
    signInClientId: upstream.clientId,
    signInClientSecret: upstream.clientSecret,
    vehiclesUrl: `http://127.0.0.1:${(vehicleService.address() as AddressInfo).port}/vehicles`,
    vehiclesToken: 'token-of-the-vehicle-service',
  },
);
upstream.serve(`${trial.url}/connect/callback`);
const client = await trial.register('smartcar');
const url = smartcarUrl(trial, client, { state: 'x'.repeat(2000) });

/** Opens a URL and follows redirects between Keyfob and the provider. */
const follow = (browser: PlainBrowser, to: string = url): Promise<PlainPage> =>
  browser.follow(to, trial.url, upstream.issuer);

/** Where a page sends the browser at once. */
const refreshOf = ({ body }: PlainPage): URL => {
  const to = /http-equiv="refresh" content="0;url=(?<to>[^"]+)"/.exec(body)?.groups?.['to'] ?? '';
  return new URL(to.replaceAll('&amp;', '&'));
};

const failures = () =>
  trial.events.flatMap((event) => (event.event === 'sign_in.failed' ? [event.reason] : []));

describe('A real owner', () => {
  test('signs in at the provider, shares a vehicle of the vehicle service, and sees it on the owner page', async () => {
    const browser = createPlainBrowser();
    const first = await browser.open(url);
    const sent = new URL(first.target);
    assert.equal(sent.origin, upstream.issuer);
    assert.equal(sent.searchParams.get('code_challenge_method'), 'S256');
    for (const name of ['state', 'nonce', 'code_challenge']) assert.ok(sent.searchParams.has(name), name);
    const consent = await follow(browser);
    assert.equal(consent.status, 200, consent.body);
    assert.equal(consent.url, url);
    assert.match(consent.body, /Signed in as <bdi>Name of owner-1<\/bdi>/);
    assert.match(consent.body, /IONIQ 5/);
    assert.doesNotMatch(consent.body, /simulated|Demo owner/);
    assert.deepEqual(asked.slice(-2), ['Bearer token-of-the-vehicle-service', '/vehicles?subject=owner-1']);
    const agreed = await browser.press(consent, 'agree', { [`vehicle_${VEHICLE_ID}`]: 'yes' });
    const code = new URL(agreed.location).searchParams.get('code') ?? '';
    const [status] = await redeemCode(trial, 'smartcar', client, { code });
    assert.equal(status, 200);

    const own = await browser.open(`${trial.url}/connect`);
    assert.match(own.body, /Charge planner/);
    assert.match(own.body, /IONIQ 5/);
    assert.match(own.body, /Odometer/);
    const removed = await browser.press(own, 'remove');
    const later = await browser.open(removed.location);
    assert.match(later.body, /Access has been removed/);
    assert.doesNotMatch(later.body, /Charge planner/);
    assert.ok(trial.events.some((event) => event.event === 'grant.revoked' && event.cause === 'owner'));
    assert.doesNotMatch((await browser.open(`${trial.url}/connect`)).body, /Access has been removed/);
  });

  test('who signs out is signed out at the server and at the provider, and signs in with credentials next', async () => {
    const browser = createPlainBrowser();
    await follow(browser);
    const own = await browser.open(`${trial.url}/connect`);
    const thief = createPlainBrowser();
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    assert.match((await thief.open(`${trial.url}/connect`)).body, /Name of owner-1/);

    const going = await browser.press(own, 'sign_out');
    const stolen = await thief.open(`${trial.url}/connect`);
    assert.match(stolen.body, /Sign in with your account/);
    assert.doesNotMatch(stolen.body, /Name of owner-1|You are signed out/);

    const end = refreshOf(going);
    assert.equal(end.origin, upstream.issuer);
    assert.deepEqual(
      ['client_id', 'post_logout_redirect_uri'].map((name) => end.searchParams.get(name)),
      [upstream.clientId, `${trial.url}/connect`],
    );
    assert.ok(end.searchParams.has('id_token_hint'));
    const done = await browser.press(await browser.open(end.href), 'yes');
    const out = await browser.open(done.location);
    assert.match(out.body, /You are signed out\./);
    assert.doesNotMatch((await createPlainBrowser().open(done.location)).body, /You are signed out/);

    const again = await browser.press(out, 'sign_in_upstream');
    assert.equal(refreshOf(again).searchParams.get('prompt'), 'login');
    assert.match((await follow(browser, refreshOf(again).href)).body, /Name of owner-1/);
    const signedOut = trial.events.filter(({ event }) => event === 'owner.signed_out');
    assert.deepEqual(
      signedOut.map((event) => 'isAtProvider' in event && event.isAtProvider),
      [true],
    );
  });

  test('whose ID token fits in no cookie signs in, and signs out without it', async () => {
    upstream.account = '\u{d55c}'.repeat(255);
    const browser = createPlainBrowser();
    const own = await follow(browser, `${trial.url}/connect`);
    const signed = await follow(browser, refreshOf(await browser.press(own, 'sign_in_upstream')).href);
    upstream.account = 'owner-1';
    for (const [name, value] of browser.cookies) assert.ok(name.length + value.length < 4096, name);
    const end = refreshOf(await browser.press(signed, 'sign_out'));
    assert.deepEqual(
      ['client_id', 'id_token_hint'].map((name) => end.searchParams.has(name)),
      [true, false],
    );
  });

  test('reads no notice of what has not happened in this session', async () => {
    const browser = createPlainBrowser();
    await follow(browser);
    const seal = 'A'.repeat(43);
    for (const query of [
      'done=removed',
      'done=signedOut',
      `done=removed.${seal}`,
      `state=signedOut.${seal}`,
    ]) {
      const page = await browser.open(`${trial.url}/connect?${query}`);
      assert.match(page.body, /Name of owner-1/);
      assert.doesNotMatch(page.body, /class="notice"/, query);
    }
  });

  test('cannot remove access that another owner gave', async () => {
    const giver = createPlainBrowser();
    const agreed = await giver.press(await follow(giver), 'agree', { [`vehicle_${VEHICLE_ID}`]: 'yes' });
    await redeemCode(trial, 'smartcar', client, {
      code: new URL(agreed.location).searchParams.get('code') ?? '',
    });
    const own = await giver.open(`${trial.url}/connect`);
    assert.ok(own.body.includes(`name="client" value="${client.clientId}"`));
    const fields = { client: client.clientId, brand: '' };
    upstream.account = 'owner-2';
    const stranger = createPlainBrowser();
    await follow(stranger);
    upstream.account = 'owner-1';
    const page = await stranger.open(`${trial.url}/connect`);
    assert.doesNotMatch(page.body, /Charge planner/);
    await stranger.press(page, 'sign_out', { action: 'remove', ...fields });
    const form = { ...page, body: page.body.replace('value="sign_out"', 'value="remove"') };
    const forced = await stranger.press(form, 'remove', fields);
    assert.equal(forced.location, `${trial.url}/connect`);
    assert.match((await giver.open(`${trial.url}/connect`)).body, /Charge planner/);
  });

  test('who switches the account is sent to the provider by a refresh, and has to sign in again', async () => {
    const browser = createPlainBrowser();
    const going = await browser.press(await follow(browser), 'switch');
    assert.equal(going.status, 200);
    const next = refreshOf(going);
    assert.equal(next.searchParams.get('prompt'), 'login');
    assert.match((await follow(browser, next.href)).body, /Signed in as <bdi>Name of owner-1<\/bdi>/);
  });

  test('is not offered simulated owners; with mode=simulated only these are offered', async () => {
    const browser = createPlainBrowser();
    await follow(browser);
    const page = await browser.open(smartcarUrl(trial, client, { mode: 'simulated' }));
    assert.match(page.body, /Choose a demo owner/);
    const simulated = await browser.open((await browser.press(page, '1')).location);
    assert.ok(simulated.body.includes('value="agree"'));
    // A live request ignores the session of a simulated owner.
    assert.equal(new URL((await browser.open(url)).target).origin, upstream.issuer);
  });
});

describe('A sign-in that fails', () => {
  test('because the owner cancels can be tried again or declined', async () => {
    upstream.account = undefined;
    const browser = createPlainBrowser();
    const page = await follow(browser);
    upstream.account = 'owner-1';
    assert.equal(page.status, 403);
    assert.match(page.body, /You are not signed in/);
    assert.equal(failures().at(-1), 'provider_refused');
    assert.match(page.headers.get('content-security-policy') ?? '', /form-action 'self' https:;/);
    const declined = await browser.press(page, 'decline');
    assert.equal(new URL(declined.location).searchParams.get('error'), 'access_denied');
  });

  test('because the callback comes from another browser, too late or twice starts no session', async () => {
    const browser = createPlainBrowser();
    let page = await browser.open(url);
    while (!page.target.startsWith(trial.url)) page = await browser.open(page.target);
    const callback = page.target;
    const stranger = createPlainBrowser();
    assert.equal((await stranger.open(callback)).status, 403);
    await stranger.open(url);
    const stale = await stranger.open(callback);
    assert.equal(stale.status, 403);
    assert.ok(stale.body.includes('/oauth/authorize?'), 'no way back');
    assert.equal(failures().at(-1), 'stale');
    const forged = new URL(callback);
    forged.searchParams.set('code', 'x'.repeat(43));
    assert.equal((await browser.open(forged.href)).status, 403);
    assert.equal(failures().at(-1), 'answer_invalid');
    trial.ahead = 601_000;
    assert.equal((await browser.open(callback)).status, 403);
    trial.ahead = 0;
    assert.equal((await browser.open(callback)).status, 303);
    assert.equal((await browser.open(callback)).status, 403);
    assert.equal((await createPlainBrowser().open(`${trial.url}/connect/callback`)).status, 403);
  });

  test('because the provider does not answer is a 503 without a redirect to the client', async (t) => {
    const away = await openUpstreamProvider();
    t.after(() => away.close());
    const flags = {
      signInIssuer: away.issuer,
      signInClientId: away.clientId,
      signInClientSecret: away.clientSecret,
    };
    const own = await openConnectTrial(t, flags);
    const app = await own.register('smartcar');
    const target = smartcarUrl(own, app);
    const browser = createPlainBrowser();
    away.outage = 503;
    const down = await browser.open(target);
    assert.equal(down.status, 503);
    assert.equal(down.location, '');
    assert.ok(down.headers.has('retry-after'));
    assert.ok(down.body.includes('Try again'));
    away.outage = undefined;
    away.serve(`${own.url}/connect/callback`);
    let page = await browser.open(target);
    while (!page.target.startsWith(own.url)) page = await browser.open(page.target);
    away.outage = 500;
    const late = await browser.open(page.target);
    assert.deepEqual([late.status, late.location], [503, '']);
    assert.ok(
      own.events.some((event) => event.event === 'sign_in.failed' && event.reason === 'provider_unavailable'),
    );
    away.outage = undefined;
    const again = await browser.follow(target, own.url, away.issuer);
    // The owner is signed in, but no vehicle service is configured.
    assert.equal(again.status, 503);
    assert.match(again.body, /We cannot load your vehicles/);
  });

  test('because no provider is configured is a 503 and a log event', async (t) => {
    const own = await openConnectTrial(t, {});
    const app = await own.register('pleos');
    for (const target of [
      `${own.url}/connect`,
      `${own.url}/v1/auth/login?clientId=${app.clientId}&brand=kia&state=s&redirectUrl=${encodeURIComponent(app.redirectUri)}`,
    ]) {
      const page = await createPlainBrowser().open(target);
      assert.equal(page.status, 503);
      assert.match(page.body, /Sign-in is not set up/);
    }
    assert.ok(
      own.events.some((event) => event.event === 'sign_in.failed' && event.reason === 'not_configured'),
    );
  });

  test('because the subject has the prefix of simulated owners starts no session', async () => {
    upstream.account = 'simulated:owner-1';
    const page = await follow(createPlainBrowser());
    upstream.account = 'owner-1';
    assert.equal(page.status, 403);
    assert.equal(failures().at(-1), 'answer_invalid');
  });
});

test('A vehicle service that fails is a 503, and the owner can agree again later', async () => {
  const browser = createPlainBrowser();
  const consent = await follow(browser);
  vehiclesStatus = 500;
  const away = await browser.press(consent, 'agree', { [`vehicle_${VEHICLE_ID}`]: 'yes' });
  assert.deepEqual([away.status, away.location], [503, '']);
  assert.equal((await browser.open(url)).status, 503);
  vehiclesStatus = 200;
  const agreed = await browser.press(consent, 'agree', { [`vehicle_${VEHICLE_ID}`]: 'yes' });
  assert.ok(new URL(agreed.location).searchParams.has('code'));
  assert.ok(trial.events.some(({ event }) => event === 'vehicle_source.unavailable'));
});

test('An entry of the vehicle service that is no vehicle hides no other, and is reported', async () => {
  const before = trial.events.length;
  const consent = await follow(createPlainBrowser());
  assert.match(consent.body, /IONIQ 5/);
  assert.doesNotMatch(consent.body, /EV6/);
  const reported = trial.events
    .slice(before)
    .filter(({ event }) => event === 'vehicle_source.entries_left_out');
  assert.deepEqual(
    reported.map((event) => 'cause' in event && event.cause),
    ['vehicles[1]: id is not a UUID'],
  );
});

test('No log event contains a token, a cookie, a subject or a VIN', () => {
  const logged = JSON.stringify(trial.events);
  for (const secret of [
    'owner-1',
    'token-of-the-vehicle-service',
    upstream.clientSecret,
    'eyJ',
    'KMHKM81A0RU104217',
  ])
    assert.ok(!logged.includes(secret), secret);
});
