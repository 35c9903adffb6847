import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { rotateKeys } from '@keyfob/server';
import { openConnectTrial } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';
import { pushingAppOf, queryOf, registerKeyed, REQUEST, sentBack, vehicleOf } from './pushing-app.ts';
import type { Fields, Json } from './pushing-app.ts';

const trial = await openConnectTrial({ after });
const { url } = trial;
const { agree, post, push, pushed, pushForm, redeem, signIn, visitUrl } = pushingAppOf(trial);
const app = await registerKeyed(trial);
const otherApp = await registerKeyed(trial);

describe('A pushed request', () => {
  test('is answered with a URI that lives less than ten minutes, and is not cached', async () => {
    const response = await fetch(`${url}/oauth/par`, {
      method: 'POST',
      body: pushForm(app),
    });
    assert.deepEqual([response.status, response.headers.get('cache-control')], [201, 'no-store']);
    const { request_uri: uri, expires_in: life } = (await response.json()) as Json;
    assert.match(String(uri), /^urn:ietf:params:oauth:request_uri:[\w.-]{100,}$/);
    assert.ok(Number(life) >= 60 && Number(life) < 600);
  });

  test('is POST only', async () => {
    const response = await fetch(`${url}/oauth/par?${queryOf(REQUEST)}`);
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
  });

  const faults: readonly (readonly [string, Fields, string])[] = [
    ['a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'],
    ['a signed request', { request: 'e30.e30.x' }, 'request_not_supported'],
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/' }, 'invalid_request'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['response_type token', { response_type: 'token' }, 'unsupported_response_type'],
    ['response_type code id_token', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['an unknown scope', { scope: 'unknown' }, 'invalid_scope'],
    ['an unknown resource', { resource: 'https://other.example' }, 'invalid_target'],
    ['a state of 2049 characters', { state: 'x'.repeat(2049) }, 'invalid_request'],
  ];
  for (const [name, fields, error] of faults) {
    test(`with ${name} is refused as ${error}`, async () => {
      const [status, body] = await push(app, fields);
      assert.deepEqual([status, body['error']], [400, error], JSON.stringify(body));
    });
  }

  test('with a parameter twice is refused', async () => {
    const form = pushForm(app);
    form.append('scope', 'read_vin');
    assert.deepEqual((await post('/oauth/par', form))[1]['error'], 'invalid_request');
  });

  test('that does not fit into a URL is refused with 413', async () => {
    const [status, body] = await push(app, { state: 'x'.repeat(2000), nonsense: 'y'.repeat(4000) });
    assert.deepEqual([status, body['error']], [413, 'invalid_request']);
  });

  for (const state of ['s'.repeat(2048), 'é/+ &=%?#"', undefined]) {
    test(`hands back the state ${JSON.stringify(state?.slice(0, 12))} of ${state?.length ?? 0} characters`, async () => {
      const browser = createPlainBrowser();
      const consent = await signIn(browser, visitUrl(app, await pushed(app, { state })));
      const back = await browser.press(consent, 'decline');
      const { state: handed, error } = Object.fromEntries(new URL(back.target).searchParams);
      assert.deepEqual([handed, error], [state, 'access_denied']);
    });
  }

  test('is opened any number of times before consent, and once agreed to is used', async () => {
    const requestUri = await pushed(app);
    const at = visitUrl(app, requestUri);
    // A program that previews links.
    for (const browser of [createPlainBrowser(), createPlainBrowser()])
      assert.equal((await browser.open(at)).status, 200);
    assert.equal((await redeem(app, await agree(app, requestUri)))[0], 200);
    const back = sentBack(await createPlainBrowser().open(at));
    assert.deepEqual([back['error'], back['state'], back['iss']], ['invalid_request_uri', 'st', url]);
  });

  test('gives a hasty owner the same code again, and nobody a second one', async () => {
    const at = visitUrl(app, await pushed(app));
    const [one, other] = [createPlainBrowser(), createPlainBrowser()];
    const consent = await signIn(one, at);
    const otherConsent = await signIn(other, at);
    const fields = vehicleOf(consent);
    const [first, second] = [
      await one.press(consent, 'agree', fields),
      await one.press(consent, 'agree', fields),
    ];
    assert.equal(sentBack(first)['code'], sentBack(second)['code']);
    trial.ahead += 11_000;
    const late = await other.press(otherConsent, 'agree', fields);
    assert.deepEqual([late.status, late.location], [400, '']);
    assert.equal((await redeem(app, String(sentBack(first)['code'])))[0], 200);
  });

  test('expires, unless its owner came in time', async () => {
    const requestUri = await pushed(app);
    const at = visitUrl(app, requestUri);
    const browser = createPlainBrowser();
    const consent = await signIn(browser, at);
    trial.ahead += 300_000;
    assert.equal(sentBack(await createPlainBrowser().open(at))['error'], 'invalid_request_uri');
    const agreed = await browser.press(consent, 'agree', vehicleOf(consent));
    assert.equal(typeof sentBack(agreed)['code'], 'string');
    const later = createPlainBrowser();
    const lateConsent = await signIn(later, visitUrl(app, await pushed(app)));
    trial.ahead += 590_000;
    const late = await later.press(lateConsent, 'agree', vehicleOf(lateConsent));
    assert.equal(sentBack(late)['error'], 'invalid_request_uri');
  });

  test('is its own client’s only, and its client is in the query', async () => {
    const requestUri = await pushed(app);
    for (const query of [
      queryOf({ client_id: otherApp.clientId, request_uri: requestUri }),
      queryOf({ request_uri: requestUri }),
      queryOf({ client_id: app.clientId, request_uri: `${requestUri}x` }),
      queryOf({ client_id: app.clientId, request_uri: 'https://app.example/request' }),
      `${queryOf({ client_id: app.clientId, request_uri: requestUri })}&request_uri=x`,
    ]) {
      const page = await createPlainBrowser().open(`${url}/authorize?${query}`);
      assert.deepEqual([page.status, page.location], [400, ''], query);
    }
  });

  test('counts alone: what else is in the query does not', async () => {
    const requestUri = await pushed(app);
    const more = queryOf({
      scope: 'control_security',
      redirect_uri: 'https://evil.example/',
      state: 'other',
    });
    const browser = createPlainBrowser();
    const consent = await signIn(browser, `${visitUrl(app, requestUri)}&${more}`);
    assert.match(consent.body, /Odometer/);
    assert.doesNotMatch(consent.body, /Lock and unlock/);
    assert.equal(sentBack(await browser.press(consent, 'decline'))['state'], 'st');
  });

  test('is needed by a client whose policy asks for it', async () => {
    const direct = `${url}/authorize?${queryOf({ ...REQUEST, client_id: app.clientId })}`;
    const back = sentBack(await createPlainBrowser().open(direct));
    assert.deepEqual([back['error'], back['state']], ['invalid_request', 'st']);
    const free = await registerKeyed(trial, { requirePar: false });
    const page = await createPlainBrowser().open(
      `${url}/authorize?${queryOf({ ...REQUEST, client_id: free.clientId })}`,
    );
    assert.equal(page.status, 200);
  });

  test('goes on after the keys of the server were rotated', async () => {
    const requestUri = await pushed(app);
    await rotateKeys(trial.deployment);
    assert.equal((await redeem(app, await agree(app, requestUri)))[0], 200);
  });
});
