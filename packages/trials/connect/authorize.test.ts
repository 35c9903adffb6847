import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { rotateKeys } from '@keyfob/server';
import { StoreError } from '@keyfob/server/errors';
import { createKeyLines } from '@keyfob/server/tokens';
import { createMemoryStore } from '../support/memory-store/store.ts';
import { openConnectTrial, pleosUrl, redeemCode, REDIRECT_URI, smartcarUrl } from './connect-trial.ts';
import { createPlainBrowser, formsOf } from './plain-browser.ts';
import type { PlainBrowser, PlainPage } from './plain-browser.ts';

const trial = await openConnectTrial({ after });
const smartcar = await trial.register('smartcar');
const pleos = await trial.register('pleos');

/** Vehicles of demo owner 1 and demo owner 2. */
const IONIQ = '9e2c0502-36cd-5f62-a987-a4b4dde6d189';
const SPORTAGE = '10add9c1-593f-5181-9b4d-99b7494f054e';
const OWNER_OF_ONE = '1';
const OWNER_OF_FOUR = '2';
const OWNER_OF_NONE = '4';

/** Signs a demo owner in. Returns the consent page. */
const signIn = async (browser: PlainBrowser, url: string, owner: string): Promise<PlainPage> => {
  const page = await browser.open(url);
  assert.equal(page.status, 200, page.body);
  const signedIn = await browser.press(page, owner);
  assert.equal(signedIn.status, 303);
  assert.equal(signedIn.location, url);
  return browser.open(signedIn.location);
};

/** The parameters of the redirect to the client, in order, without those of the redirect URI itself. */
const sentBack = (page: PlainPage): readonly (readonly [string, string])[] => {
  assert.equal(page.status, 302, page.body);
  assert.ok(page.location.startsWith(`${REDIRECT_URI}&`), page.location);
  return [...new URL(page.location).searchParams].slice(1);
};

const codeOf = (page: PlainPage): string => Object.fromEntries(sentBack(page))['code'] ?? '';

describe('Smartcar Connect', () => {
  test('leads from the request through sign-in and consent to tokens', async () => {
    const browser = createPlainBrowser();
    const consent = await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_ONE);
    assert.equal(consent.status, 200);
    assert.match(consent.body, /Charge planner/);
    for (const words of ['Odometer', 'Location', 'Lock and unlock the doors', 'IONIQ 5'])
      assert.ok(consent.body.includes(words), words);
    const [, controls = ''] = /<section class="controls">([^]*?)<\/section>/.exec(consent.body) ?? [];
    assert.match(controls, /Lock and unlock the doors/);
    assert.match(controls, /also when you are not in or near your car/);
    assert.doesNotMatch(controls, /Odometer/);
    const agreed = await browser.press(consent, 'agree', { [`vehicle_${IONIQ}`]: 'yes' });
    const back = sentBack(agreed);
    assert.deepEqual(
      back.map(([name]) => name),
      ['code', 'state', 'iss'],
    );
    assert.deepEqual(back.slice(1), [
      ['state', 'st'],
      ['iss', trial.url],
    ]);
    const [status, tokens] = await redeemCode(trial, 'smartcar', smartcar, { code: codeOf(agreed) });
    assert.equal(status, 200, JSON.stringify(tokens));
    assert.match(String(tokens['refresh_token']), /^[0-9a-f-]{36}$/);
    const [grant] = await trial.deployment.store.listConsents('simulated:owner-1', { limit: 1 });
    assert.equal(grant?.scope, 'read_odometer read_location control_security');
    assert.deepEqual(
      (await trial.deployment.store.listVehicles(grant.id)).map(({ id }) => id),
      [IONIQ],
    );
    for (const event of ['owner.signed_in', 'consent.given'] as const)
      assert.ok(
        trial.events.some((one) => one.event === event),
        event,
      );
  });

  test('returns the state character for character, whatever its encoding', async () => {
    const browser = createPlainBrowser();
    await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_ONE);
    for (const raw of ['a+b/c==', 'a%2Bb%20c', '%E2%9C%93~!*()', 'x'.repeat(2048), '%7B%22a%22%3A1%7D']) {
      const url = `${smartcarUrl(trial, smartcar, { state: undefined })}&state=${raw}`;
      const page = await browser.open(url);
      const declined = await browser.press(page, 'decline');
      assert.equal(/[?&]state=(?<state>[^&]*)/.exec(declined.location)?.groups?.['state'], raw);
    }
  });

  test('redirects with invalid_scope for a scope that is unknown, or not allowed for the client', async () => {
    const reader = await trial.register('smartcar', { policy: { grantScope: 'read_odometer' } });
    for (const [scope, reason] of [
      ['fleet:admin', 'scope_unknown'],
      ['read_odometer fleet:admin', 'scope_unknown'],
      ['read_odometer control_security', 'scope_not_allowed'],
      ['required:control_security', 'scope_not_allowed'],
    ] as const) {
      const page = await createPlainBrowser().open(smartcarUrl(trial, reader, { scope }));
      assert.deepEqual(sentBack(page).slice(0, 2), [
        ['error', 'invalid_scope'],
        ['state', 'st'],
      ]);
      assert.partialDeepStrictEqual(trial.events.at(-1), { event: 'request.refused', reason });
    }
    const allowed = await createPlainBrowser().open(smartcarUrl(trial, reader, { scope: 'read_odometer' }));
    assert.equal(allowed.status, 200);
  });

  test('does not send an owner on who agrees after the scope was withdrawn from the client', async () => {
    const reader = await trial.register('smartcar');
    const browser = createPlainBrowser();
    const consent = await signIn(browser, smartcarUrl(trial, reader), OWNER_OF_ONE);
    await trial.deployment.store.changeClient(reader.clientId, { policy: { grantScope: 'read_odometer' } });
    const agreed = await browser.press(consent, 'agree', { [`vehicle_${IONIQ}`]: 'yes' });
    assert.deepEqual(sentBack(agreed)[0], ['error', 'invalid_scope']);
  });

  test('a client that may not have simulated owners is offered none, also in a demo', async () => {
    const real = await trial.register('smartcar', { policy: { simulatedOwners: false } });
    const page = await createPlainBrowser().open(smartcarUrl(trial, real, { mode: 'simulated' }));
    assert.deepEqual(sentBack(page)[0], ['error', 'unauthorized_client']);
    const live = await createPlainBrowser().open(smartcarUrl(trial, real));
    assert.match(live.body, /Sign-in is not set up yet/);
  });

  test('redirects with access_denied when an owner declines, before or after sign-in', async () => {
    const browser = createPlainBrowser();
    const expected = [
      ['error', 'access_denied'],
      ['state', 'st'],
      ['error_description', 'User denied access to application.'],
      ['iss', trial.url],
    ];
    const first = await browser.open(smartcarUrl(trial, smartcar));
    assert.deepEqual(sentBack(await browser.press(first, 'decline')), expected);
    const consent = await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_ONE);
    assert.deepEqual(sentBack(await browser.press(consent, 'decline')), expected);
    assert.ok(trial.events.some(({ event }) => event === 'consent.declined'));
  });

  test('redirects with invalid_target for a resource that the client may not name (RFC 8707)', async () => {
    const browser = createPlainBrowser();
    const target = smartcarUrl(trial, smartcar);
    const other = '&resource=https%3A%2F%2Fstrange.example';
    const own = `&resource=${encodeURIComponent(trial.url)}`;
    for (const more of [other, `${own}${other}`, `${other}${own}`])
      assert.deepEqual(sentBack(await browser.open(`${target}${more}`)), [
        ['error', 'invalid_target'],
        ['state', 'st'],
        ['error_description', 'The client gets no token for this resource.'],
        ['iss', trial.url],
      ]);
    for (const more of [own, `${own}${own}`])
      assert.equal((await browser.open(`${target}${more}`)).status, 200);
  });

  test('exchanges a code for a resource of the client, and does not use it up for another', async () => {
    const browser = createPlainBrowser();
    const consent = await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_ONE);
    const code = codeOf(await browser.press(consent, 'agree', { [`vehicle_${IONIQ}`]: 'yes' }));
    const [status, refused] = await redeemCode(trial, 'smartcar', smartcar, {
      code,
      resource: 'https://strange.example',
    });
    assert.deepEqual([status, refused['error']], [400, 'invalid_target']);
    const [redeemed] = await redeemCode(trial, 'smartcar', smartcar, { code, resource: trial.url });
    assert.equal(redeemed, 200);
  });

  test('redirects with no_vehicles when an owner has no vehicle of the make', async () => {
    const browser = createPlainBrowser();
    const page = await signIn(browser, smartcarUrl(trial, smartcar, { make: 'TESLA' }), OWNER_OF_NONE);
    assert.match(page.body, /no connected Tesla vehicle/);
    assert.deepEqual(sentBack(await browser.press(page, 'no_vehicles'))[0], ['error', 'no_vehicles']);
  });

  test('shows the page again with an error when no vehicle is chosen, or a vehicle of another owner', async () => {
    const browser = createPlainBrowser();
    const consent = await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_FOUR);
    for (const fields of [{}, { [`vehicle_${IONIQ}`]: 'yes' }]) {
      const again = await browser.press(consent, 'agree', fields);
      assert.equal(again.status, 400);
      assert.match(again.body, /role="alert"/);
      assert.match(again.body, /<title>Error: /);
      const agreed = await browser.press(again, 'agree', { [`vehicle_${SPORTAGE}`]: 'yes' });
      assert.equal(sentBack(agreed)[0]?.[0], 'code');
    }
  });

  test('lets an owner choose one vehicle with single_select, and offers only the vehicle of single_select_vin', async () => {
    const browser = createPlainBrowser();
    const single = await signIn(
      browser,
      smartcarUrl(trial, smartcar, { single_select: 'true' }),
      OWNER_OF_FOUR,
    );
    assert.equal(single.body.match(/type="radio"/g)?.length, 4);
    assert.equal(sentBack(await browser.press(single, 'agree', { vehicle: SPORTAGE }))[0]?.[0], 'code');
    const one = await browser.open(
      smartcarUrl(trial, smartcar, { single_select: 'true', single_select_vin: 'KNDPUCDG2R7155309' }),
    );
    assert.equal(one.body.match(/type="radio"/g)?.length, 1);
    const make = await browser.open(smartcarUrl(trial, smartcar, { make: 'KIA' }));
    assert.equal(make.body.match(/type="checkbox"/g)?.length, 2);
  });

  test('shows the consent page directly to a signed-in owner, whatever approval_prompt says', async () => {
    const browser = createPlainBrowser();
    await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_ONE);
    for (const approval of ['auto', 'force']) {
      const page = await browser.open(smartcarUrl(trial, smartcar, { approval_prompt: approval }));
      assert.equal(page.status, 200);
      assert.ok(page.body.includes('value="agree"'));
    }
    const signedIn = await browser.open(smartcarUrl(trial, smartcar));
    const switched = await browser.press(signedIn, 'switch');
    assert.match((await browser.open(switched.location)).body, /Choose a demo owner/);
  });

  test('uses the only registered redirect URI if the request has none, and accepts any port on loopback', async () => {
    const browser = createPlainBrowser();
    const unnamed = await browser.open(
      smartcarUrl(trial, smartcar, { redirect_uri: undefined, scope: undefined }),
    );
    assert.ok(unnamed.location.startsWith(`${REDIRECT_URI}&error=invalid_scope`));
    const [redirectUris, nativeApp] = [['http://127.0.0.1/cb'], true];
    const local = await trial.register('smartcar', { redirectUris, policy: { nativeApp } });
    const web = await trial.register('smartcar', { redirectUris });
    const refused = await browser.open(smartcarUrl(trial, web, { redirect_uri: 'http://127.0.0.1:4711/cb' }));
    assert.deepEqual([refused.status, refused.location], [400, '']);
    const other = await browser.open(
      smartcarUrl(trial, local, { redirect_uri: 'http://127.0.0.1:4711/cb', scope: undefined }),
    );
    assert.ok(other.location.startsWith('http://127.0.0.1:4711/cb?error=invalid_scope'));
  });

  test('binds a code to the redirect URI that its request named', async () => {
    for (const [named, status] of [
      [undefined, 200],
      [REDIRECT_URI, 400],
    ] as const) {
      const browser = createPlainBrowser();
      const url = smartcarUrl(trial, smartcar, { redirect_uri: named });
      const consent = await signIn(browser, url, OWNER_OF_ONE);
      const code = codeOf(await browser.press(consent, 'agree', { [`vehicle_${IONIQ}`]: 'yes' }));
      const [answered] = await redeemCode(trial, 'smartcar', smartcar, { code, namesRedirectUri: false });
      assert.equal(answered, status);
      assert.equal(
        (await redeemCode(trial, 'smartcar', smartcar, { code }))[0],
        named === undefined ? 400 : 200,
      );
    }
  });

  test('requires PKCE from a public client, and the verifier to exchange its code', async () => {
    const app = await trial.register('smartcar', { type: 'public' });
    const browser = createPlainBrowser();
    const without = await browser.open(smartcarUrl(trial, app));
    assert.deepEqual(sentBack(without)[0], ['error', 'invalid_request']);
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const url = smartcarUrl(trial, app, { code_challenge: challenge, code_challenge_method: 'S256' });
    const consent = await signIn(browser, url, OWNER_OF_ONE);
    const agreed = await browser.press(consent, 'agree', { [`vehicle_${IONIQ}`]: 'yes' });
    assert.equal(sentBack(agreed)[0]?.[0], 'code');
    const plain = await browser.open(
      smartcarUrl(trial, app, { code_challenge: challenge, code_challenge_method: 'plain' }),
    );
    assert.deepEqual(sentBack(plain)[0], ['error', 'invalid_request']);
  });

  for (const [name, more, reason] of [
    ['an unknown client', { client_id: 'nobody' }, 'client_unknown'],
    ['no client', { client_id: undefined }, 'client_unknown'],
    ['a client of another dialect', { client_id: pleos.clientId }, 'client_of_other_dialect'],
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/' }, 'redirect_uri_unregistered'],
    [
      'a redirect URI with one more letter',
      { redirect_uri: `${REDIRECT_URI}x` },
      'redirect_uri_unregistered',
    ],
  ] as const) {
    test(`answers ${name} with a page that names the parameter, never with a redirect`, async () => {
      const before = trial.events.length;
      const page = await createPlainBrowser().open(smartcarUrl(trial, smartcar, more));
      assert.equal(page.status, 400);
      assert.equal(page.location, '');
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      const event = trial.events.slice(before).find((one) => 'reason' in one && one.reason === reason);
      assert.ok(event !== undefined && 'requestId' in event);
      assert.ok(page.body.includes(`<code>${event.requestId}</code>`), page.body);
      const [parameter = ''] = Object.keys(more);
      assert.match(page.body, new RegExp(`<code>${parameter} (?:is|was) [a-z ]+`, 'i'));
      assert.doesNotMatch(page.body, /nobody is|evil\.example\/ is/);
    });
  }

  test('answers a disabled client with a page', async () => {
    const client = await trial.register('smartcar');
    await trial.deployment.store.changeClient(client.clientId, { disabledAtMs: 1 });
    const page = await createPlainBrowser().open(smartcarUrl(trial, client));
    assert.deepEqual([page.status, page.location], [400, '']);
  });

  test('answers a query that is too long or badly encoded with a page', async () => {
    const url = smartcarUrl(trial, smartcar);
    for (const more of [`&x=${'y'.repeat(8192)}`, '&x=%zz', '&x=%ff']) {
      const page = await createPlainBrowser().open(url + more);
      assert.deepEqual([page.status, page.location], [400, '']);
    }
  });
});

describe('Pleos login', () => {
  test('leads from the request through sign-in and consent to tokens, and redirects with code and state only', async () => {
    const browser = createPlainBrowser();
    const consent = await signIn(browser, pleosUrl(trial, pleos), OWNER_OF_FOUR);
    assert.match(consent.body, /Kia/);
    const agreed = await browser.press(consent, 'agree');
    const back = sentBack(agreed);
    assert.deepEqual(
      back.map(([name]) => name),
      ['code', 'state'],
    );
    assert.match(codeOf(agreed), /^[0-9a-f-]{36}\.[0-9a-f-]{36}$/);
    const [status, answer] = await redeemCode(trial, 'pleos', pleos, { code: codeOf(agreed) });
    assert.equal(status, 200, JSON.stringify(answer));
    const [grant] = await trial.deployment.store
      .listConsents('simulated:owner-2', { limit: 100 })
      .then((all) => all.filter(({ clientId }) => clientId === pleos.clientId));
    assert.equal(grant?.brand, 'kia');
    assert.deepEqual(await trial.deployment.store.listVehicles(grant.id), []);
  });

  for (const name of ['clientId', 'brand', 'redirectUrl', 'state']) {
    test(`answers a request without ${name} with a page`, async () => {
      const page = await createPlainBrowser().open(pleosUrl(trial, pleos, { [name]: undefined }));
      assert.deepEqual([page.status, page.location], [400, '']);
    });
  }

  test('is in Korean if the browser prefers it, and in English if the request asks for it', async () => {
    const browser = createPlainBrowser();
    const korean = await browser.open(pleosUrl(trial, pleos), {
      'Accept-Language': 'de, ko-KR;q=0.9, en;q=0.8',
    });
    assert.match(korean.body, /<html lang="ko">/);
    assert.match(korean.body, /데모 소유자를 선택하세요/);
    const english = await browser.open(pleosUrl(trial, pleos, { lang: 'en-GB' }), {
      'Accept-Language': 'ko',
    });
    assert.match(english.body, /<html lang="en">/);
  });
});

describe('Every form', () => {
  test('without its token, with another token or from another session does nothing but offer to continue', async () => {
    const browser = createPlainBrowser();
    const url = smartcarUrl(trial, smartcar);
    const consent = await signIn(browser, url, OWNER_OF_ONE);
    const token = formsOf(consent)[0]?.hidden[0]?.[1] ?? '';
    assert.equal(token.length, 43);
    const before = trial.events.filter(({ event }) => event === 'consent.given').length;
    const stranger = createPlainBrowser();
    await signIn(stranger, url, OWNER_OF_ONE);
    const tamper = (body: string): PlainPage => ({ ...consent, body });
    for (const [page, sender] of [
      [tamper(consent.body.replaceAll('form_token', 'other')), browser],
      [
        tamper(consent.body.replaceAll(token, `${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`)),
        browser,
      ],
      [tamper(consent.body.replaceAll(token, '')), browser],
      [consent, stranger],
      [consent, createPlainBrowser()],
    ] as const) {
      const stale = await sender.press(page, 'agree', { [`vehicle_${IONIQ}`]: 'yes' });
      assert.equal(stale.status, 403);
      assert.ok(
        stale.body.includes(`href="${url.slice(trial.url.length).replaceAll('&', '&amp;')}"`),
        stale.body,
      );
    }
    const elsewhere = await browser.press(consent, 'agree', {}, { 'Sec-Fetch-Site': 'cross-site' });
    assert.equal(elsewhere.status, 403);
    const reasons = trial.events.flatMap((event) => ('reason' in event ? [event.reason] : []));
    assert.deepEqual(reasons.slice(-3), ['form_outdated', 'cookies_missing', 'form_of_other_site']);
    assert.equal(trial.events.filter(({ event }) => event === 'consent.given').length, before);
  });

  test('repeats all checks of the request: a request that was changed meanwhile is refused', async () => {
    const browser = createPlainBrowser();
    const consent = await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_ONE);
    const changed = { ...consent, body: consent.body.replaceAll('app.example', 'evil.example') };
    const page = await browser.press(changed, 'agree', { [`vehicle_${IONIQ}`]: 'yes' });
    assert.deepEqual([page.status, page.location], [400, '']);
  });

  test('expires half an hour after sign-in, and then asks the owner to sign in again', async (t) => {
    const own = await openConnectTrial(t);
    const client = await own.register('smartcar');
    const browser = createPlainBrowser();
    const page = await browser.open(smartcarUrl(own, client));
    const consent = await browser.open((await browser.press(page, OWNER_OF_ONE)).location);
    own.ahead = 1_801_000;
    const late = await browser.press(consent, 'agree', { [`vehicle_${IONIQ}`]: 'yes' });
    assert.equal(late.status, 403);
    assert.match(late.body, /This page has expired/);
    assert.match((await browser.open(smartcarUrl(own, client))).body, /Choose a demo owner/);
  });

  test('of a session that ended elsewhere shares nothing', async () => {
    const browser = createPlainBrowser();
    const consent = await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_ONE);
    const copy = createPlainBrowser();
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    const out = await browser.press(await browser.open(`${trial.url}/connect`), 'sign_out');
    assert.match((await browser.open(out.location)).body, /You are signed out\./);
    const late = await copy.press(consent, 'agree', { [`vehicle_${IONIQ}`]: 'yes' });
    assert.deepEqual([late.status, late.location], [303, smartcarUrl(trial, smartcar)]);
    assert.match((await copy.open(late.location)).body, /Choose a demo owner/);
  });

  test('that signs out while the store is away or by a bug says so, and the owner stays signed in', async (t) => {
    let failure: Error | undefined;
    const store = createMemoryStore({
      async run(_verb, work) {
        if (failure !== undefined) throw failure;
        return work();
      },
    });
    const own = await openConnectTrial(t, { demo: true, key: createKeyLines(1, 1_700_000_000) }, { store });
    const browser = createPlainBrowser();
    const page = await browser.open(`${own.url}/connect`);
    const shared = await browser.open((await browser.press(page, OWNER_OF_ONE)).location);
    failure = new StoreError('unavailable', 'away');
    const out = await browser.press(shared, 'sign_out');
    assert.deepEqual([out.status, out.headers.get('set-cookie')], [503, null]);
    assert.doesNotMatch(out.body, /signed out/);
    failure = new TypeError('a bug');
    const broken = await browser.press(shared, 'sign_out');
    assert.equal(broken.status, 500);
    const bug = own.events.find((event) => event.event === 'internal.error');
    assert.ok(bug !== undefined && broken.body.includes(bug.requestId));
    assert.doesNotMatch(broken.body, /a bug|TypeError/);
    failure = undefined;
    assert.match((await browser.open(`${own.url}/connect`)).body, /value="sign_out"/);
  });

  test('of a browser that sends no cookies is not called expired', async () => {
    const browser = createPlainBrowser();
    const page = await browser.open(smartcarUrl(trial, smartcar));
    browser.cookies.clear();
    const blocked = await browser.press(page, OWNER_OF_ONE);
    assert.equal(blocked.status, 403);
    assert.match(blocked.body, /Your browser sent no cookie/);
    assert.doesNotMatch(blocked.body, /expired/);
    assert.ok(trial.events.some((event) => 'reason' in event && event.reason === 'cookies_missing'));
  });

  test('still works after a key rotation', async (t) => {
    const own = await openConnectTrial(t);
    const client = await own.register('smartcar');
    const browser = createPlainBrowser();
    const page = await browser.open(smartcarUrl(own, client));
    const consent = await browser.open((await browser.press(page, OWNER_OF_ONE)).location);
    await rotateKeys(own.deployment);
    const agreed = await browser.press(consent, 'agree', { [`vehicle_${IONIQ}`]: 'yes' });
    const [status] = await redeemCode(own, 'smartcar', client, { code: codeOf(agreed) });
    assert.equal(status, 200);
  });
});

describe('A browser that opens an address where there is nothing', () => {
  const HTML = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  test('reads a page; a program reads what the dialect documents', async () => {
    for (const path of ['/nothing', '/oauth/nothing', '/v1/nothing', '/v2.0/nothing', '/connect/nothing']) {
      const before = trial.events.length;
      const page = await createPlainBrowser().open(`${trial.url}${path}`, HTML);
      assert.equal(page.status, 404, path);
      assert.match(page.body, /Page not found/);
      const [event] = trial.events.slice(before);
      assert.ok(event?.event === 'request.refused' && event.reason === 'path_unknown');
      assert.ok(page.body.includes(event.requestId));
      const program = await createPlainBrowser().open(`${trial.url}${path}`, { Accept: '*/*' });
      assert.match(program.headers.get('content-type') ?? '', /^application\/json/, path);
    }
  });

  test('is led from the root to the owner page, in the language that it prefers', async () => {
    const page = await createPlainBrowser().open(trial.url, HTML);
    assert.equal(page.status, 200);
    assert.match(page.body, /href="\/connect"/);
    const korean = await createPlainBrowser().open(`${trial.url}/`, { ...HTML, 'Accept-Language': 'ko' });
    assert.match(korean.body, /<html lang="ko">/);
    assert.equal((await createPlainBrowser().open(trial.url)).status, 404);
  });

  test('reads a page where its headers are too large, as they are with many cookies', async () => {
    const Cookie = `other=${'x'.repeat(20_000)}`;
    for (const path of ['/connect', '/oauth/token', '/nothing']) {
      const page = await createPlainBrowser().open(`${trial.url}${path}`, { ...HTML, Cookie });
      assert.equal(page.status, 431, path);
      assert.match(page.body, /Your browser sent too much data/);
    }
    const program = await createPlainBrowser().open(`${trial.url}/oauth/token`, { Accept: '*/*', Cookie });
    assert.deepEqual([program.status, program.headers.get('content-type')], [431, 'application/json']);
  });

  test('is led on by a page where its way back is too long for a header', async () => {
    const state = '/'.repeat(2000);
    const browser = createPlainBrowser();
    const url = smartcarUrl(trial, smartcar, { state });
    const page = await browser.open(url);
    const signedIn = await browser.press(page, OWNER_OF_NONE);
    assert.deepEqual([signedIn.status, signedIn.location, signedIn.target], [200, '', url]);
    const declined = await browser.press(await browser.open(signedIn.target), 'no_vehicles');
    assert.equal(declined.status, 200);
    assert.ok(declined.target.startsWith(`${REDIRECT_URI}&`), declined.target);
    assert.equal(new URL(declined.target).searchParams.get('state'), state);
  });

  test('reads a page at an endpoint for apps, with the methods that it has', async () => {
    for (const path of ['/oauth/token', '/token', '/v1/auth/token', '/oauth/introspect']) {
      const page = await createPlainBrowser().open(`${trial.url}${path}`, HTML);
      assert.equal(page.status, 405, path);
      assert.equal(page.headers.get('allow'), 'POST');
      assert.match(page.body, /This address is for apps/);
    }
  });
});

describe('Every page', () => {
  test('forbids every script but its own, framing, caching and referrers', async () => {
    const browser = createPlainBrowser();
    const consent = await signIn(browser, smartcarUrl(trial, smartcar), OWNER_OF_ONE);
    const error = await browser.open(smartcarUrl(trial, smartcar, { client_id: 'nobody' }));
    for (const { headers, body } of [consent, error]) {
      const policy = headers.get('content-security-policy') ?? '';
      for (const part of [
        `default-src 'none'`,
        `style-src 'self'`,
        `script-src 'self';`,
        `frame-ancestors 'none'`,
        `base-uri 'none'`,
      ])
        assert.ok(policy.includes(part), part);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.ok(headers.has('cross-origin-opener-policy'));
      assert.match(body, /<script src="\/connect\/[0-9a-f]{16}\.js" defer><\/script>/);
      assert.equal(body.match(/<script/g)?.length, 1);
      assert.doesNotMatch(body, /\bon[a-z]+="|style="/);
      assert.equal(body.match(/<h1>/g)?.length, 1);
      assert.match(body, /<title>[^<]+<\/title>/);
    }
    assert.match(consent.headers.get('content-security-policy') ?? '', /form-action 'self' https:;/);
    assert.match(error.headers.get('content-security-policy') ?? '', /form-action 'self';/);
  });

  test('escapes the names of clients and all that a request says', async () => {
    const client = await trial.register('smartcar', { name: `<img src=x onerror="alert(1)">'` });
    const url = smartcarUrl(trial, client, { scope: '<b>"x', state: `"><script>` });
    const page = await signIn(createPlainBrowser(), smartcarUrl(trial, client), OWNER_OF_ONE);
    assert.doesNotMatch(page.body, /<img/);
    assert.match(page.body, /&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;&#39;/);
    assert.ok((await createPlainBrowser().open(url)).location.includes('error=invalid_scope'));
    const raw = await createPlainBrowser().open(`${smartcarUrl(trial, client)}&x=<script>'"`);
    assert.equal(raw.body.match(/<script/g)?.length, 1);
  });

  for (const [what, pattern] of [
    ['stylesheet', /<link rel="stylesheet" href="(?<path>[^"]+)"/],
    ['script', /<script src="(?<path>[^"]+)"/],
  ] as const)
    test(`has a ${what} whose address changes with its content`, async () => {
      const page = await createPlainBrowser().open(smartcarUrl(trial, smartcar));
      const path = pattern.exec(page.body)?.groups?.['path'] ?? '';
      const file = await createPlainBrowser().open(trial.url + path);
      assert.equal(file.status, 200);
      assert.match(file.headers.get('cache-control') ?? '', /immutable/);
      assert.equal(file.headers.get('x-content-type-options'), 'nosniff');
      assert.ok(file.body.length < 16_384);
    });

  test('sets a cookie that scripts cannot read and other sites cannot send', async (t) => {
    const page = await createPlainBrowser().open(smartcarUrl(trial, smartcar));
    const plain = page.headers.get('set-cookie') ?? '';
    assert.match(plain, /^keyfob-session-\d+=.*; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/);
    const behindTls = await openConnectTrial(t, { demo: true, publicUrl: 'https://id.example/' });
    const client = await behindTls.register('smartcar');
    const secure = await createPlainBrowser().open(smartcarUrl(behindTls, client));
    assert.match(secure.headers.get('set-cookie') ?? '', /^__Host-keyfob-session=.*; SameSite=Lax; Secure$/);
    const declined = await createPlainBrowser().open(smartcarUrl(behindTls, client, { scope: undefined }));
    assert.equal(new URL(declined.location).searchParams.get('iss'), 'https://id.example');
  });

  test('works under a path that a proxy removes', async (t) => {
    const behind = await openConnectTrial(t, { demo: true, publicUrl: 'http://127.0.0.1:1/fob/one' });
    const client = await behind.register('smartcar');
    const browser = createPlainBrowser();
    const page = await browser.open(smartcarUrl(behind, client));
    for (const [, address = ''] of page.body.matchAll(/(?:href|src|action)="(\/[^"]*)"/g))
      assert.ok(address.startsWith('/fob/one/'), address);
    // Does what the proxy does: forwards requests without the path.
    const stripped = { ...page, body: page.body.replaceAll('"/fob/one/', '"/') };
    const signedIn = await browser.press(stripped, OWNER_OF_ONE);
    assert.ok(new URL(signedIn.location).pathname.startsWith('/fob/one/oauth/authorize'));
    const consent = await browser.open(signedIn.location.replace('/fob/one/', '/'));
    const agreed = await browser.press(
      { ...consent, body: consent.body.replaceAll('"/fob/one/', '"/') },
      'agree',
      {
        [`vehicle_${IONIQ}`]: 'yes',
      },
    );
    assert.equal(Object.fromEntries(sentBack(agreed))['iss'], 'http://127.0.0.1:1/fob/one');
  });
});
