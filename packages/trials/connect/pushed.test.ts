import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { rotateKeys } from '@keyfob/server';
import { assertionFields, makeClientKey, signAssertion } from '../support/assertion.ts';
import type { AssertionVariant, ClientKeyPair } from '../support/assertion.ts';
import { createDpopKey } from '../support/dpop-key.ts';
import type { DpopKey } from '../support/dpop-key.ts';
import { openConnectTrial } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';
import type { PlainBrowser, PlainPage } from './plain-browser.ts';

const trial = await openConnectTrial({ after });
const { url } = trial;
const REDIRECT_URI = 'https://app.example/callback';
const OWNER = '1';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

type Json = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, string | undefined>>;
type Keyed = { readonly clientId: string; readonly key: ClientKeyPair };

/** A client with a key and without a secret; it must push its requests. */
const register = async (policy: Json = {}): Promise<Keyed> => {
  const key = makeClientKey('one');
  const { clientId } = await trial.register('oauth', {
    redirectUris: [REDIRECT_URI],
    jwks: { keys: [key.jwk] },
    policy: { clientAuthentication: 'private_key_jwt', requirePar: true, deviceFlow: true, ...policy },
  });
  return { clientId, key };
};

const app = await register();
const otherApp = await register();

const post = async (path: string, form: URLSearchParams): Promise<readonly [number, Json]> => {
  const response = await fetch(`${url}${path}`, { method: 'POST', body: form });
  const text = await response.text();
  return [response.status, text === '' ? {} : (JSON.parse(text) as Json)];
};

const queryOf = (fields: Fields): string => formOf(fields).toString();

const formOf = (fields: Fields): URLSearchParams => {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.set(name, value);
  return form;
};

const authenticated = ({ clientId, key }: Keyed, variant?: AssertionVariant): Fields =>
  assertionFields(signAssertion(key, clientId, url, { nowMs: Date.now() + trial.ahead, ...variant }));

const REQUEST: Fields = {
  response_type: 'code',
  redirect_uri: REDIRECT_URI,
  scope: 'read_odometer',
  state: 'st',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
};

const push = (client: Keyed, fields: Fields = {}, variant?: AssertionVariant) =>
  post('/oauth/par', formOf({ ...REQUEST, ...authenticated(client, variant), ...fields }));

const pushed = async (client: Keyed, fields: Fields = {}): Promise<string> => {
  const [status, body] = await push(client, fields);
  assert.equal(status, 201, JSON.stringify(body));
  return String(body['request_uri']);
};

const visitUrl = ({ clientId }: Pick<Keyed, 'clientId'>, requestUri: string): string =>
  `${url}/authorize?${queryOf({ client_id: clientId, request_uri: requestUri })}`;

const signIn = async (browser: PlainBrowser, at: string): Promise<PlainPage> => {
  const page = await browser.open(at);
  assert.equal(page.status, 200, page.body);
  const signedIn = await browser.press(page, OWNER);
  return signedIn.target === '' ? signedIn : browser.open(signedIn.target);
};

/** Where the owner is sent back to, as the parameters of the redirect. */
const sentBack = (page: PlainPage): Json => {
  assert.equal(page.status, 302, page.body);
  assert.ok(page.location.startsWith(`${REDIRECT_URI}?`), page.location);
  return Object.fromEntries(new URL(page.location).searchParams);
};

const agree = async (client: Keyed, requestUri: string): Promise<string> => {
  const browser = createPlainBrowser();
  const consent = await signIn(browser, visitUrl(client, requestUri));
  const back = sentBack(await browser.press(consent, 'agree', await vehicleOf(consent)));
  assert.equal(back['iss'], url);
  return String(back['code']);
};

const vehicleOf = async ({ body }: PlainPage): Promise<Record<string, string>> => {
  const name = /name="(?<name>vehicle_[^"]+)"/.exec(body)?.groups?.['name'];
  return name === undefined ? {} : { [name]: 'yes' };
};

const redeem = (client: Keyed, code: string, fields: Fields = {}) =>
  post(
    '/token',
    formOf({
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
      ...authenticated(client),
      ...fields,
    }),
  );

const refresh = (client: Keyed, token: unknown, fields: Fields = authenticated(client)) =>
  post('/token', formOf({ grant_type: 'refresh_token', refresh_token: String(token), ...fields }));

describe('A client that authenticates by assertions and pushes its requests', () => {
  test('gets tokens, refreshes, repeats a refresh, asks about tokens and revokes them', async () => {
    const requestUri = await pushed(app);
    const [status, tokens] = await redeem(app, await agree(app, requestUri));
    assert.equal(status, 200, JSON.stringify(tokens));
    const [, second] = await refresh(app, tokens['refresh_token']);
    // The answer was lost: the same token again, with a new assertion.
    const [again, repeated] = await refresh(app, tokens['refresh_token']);
    assert.deepEqual([again, repeated['refresh_token']], [200, second['refresh_token']]);
    const about = (path: string) =>
      post(path, formOf({ token: String(second['refresh_token']), ...authenticated(app) }));
    assert.equal((await about('/oauth/introspect'))[1]['active'], true);
    assert.deepEqual(await about('/oauth/revoke'), [200, {}]);
    assert.equal((await refresh(app, second['refresh_token']))[1]['error'], 'invalid_grant');
  });

  test('asks for a device code and for tokens of its own', async () => {
    const device = formOf({ scope: 'read_odometer', ...authenticated(app) });
    assert.equal((await post('/oauth/device_authorization', device))[0], 200);
    const itself = await register({ clientCredentials: true, clientCredentialsScope: 'read_vin' });
    for (const path of ['/token', '/oauth/token', '/oauth2/token']) {
      const [status, body] = await post(
        path,
        formOf({ grant_type: 'client_credentials', ...authenticated(itself) }),
      );
      assert.deepEqual([status, body['scope']], [200, 'read_vin'], path);
    }
  });

  test('gets nothing for an assertion that it used before, and keeps its grant', async () => {
    const [, tokens] = await redeem(app, await agree(app, await pushed(app)));
    const fields = authenticated(app);
    assert.equal((await refresh(app, tokens['refresh_token'], fields))[0], 200);
    const [status, body] = await refresh(app, tokens['refresh_token'], fields);
    assert.deepEqual([status, body['error']], [401, 'invalid_client']);
    assert.match(String(body['error_description']), /used before/);
    // At another endpoint too.
    assert.equal((await post('/oauth/par', formOf({ ...REQUEST, ...fields })))[1]['error'], 'invalid_client');
    assert.equal((await refresh(app, tokens['refresh_token']))[0], 200);
  });

  for (const [name, variant] of [
    ['the PAR URL as its audience', { claims: { aud: `${url}/oauth/par` } }],
    ['the token URL as its audience', { claims: { aud: `${url}/token` } }],
    ['an array as its audience', { claims: { aud: [url] } }],
    ['an nbf of 70 seconds ahead', { claims: { nbf: Math.floor(Date.now() / 1000) + 70 } }],
    ['no type', { header: { typ: undefined } }],
  ] as const) {
    test(`gets nothing for an assertion with ${name}`, async () => {
      const [status, body] = await push(app, {}, variant);
      assert.deepEqual([status, body['error']], [401, 'invalid_client']);
    });
  }

  test('may be 8 seconds ahead', async () => {
    const ahead = Math.floor(Date.now() / 1000) + 8;
    const claims = { iat: ahead, nbf: ahead, exp: ahead + 300 };
    assert.equal((await push(app, {}, { claims }))[0], 201);
  });

  test('may lack the type where its policy allows it, which is reported', async () => {
    const old = await register({ untypedAssertions: true });
    assert.equal((await push(old, {}, { header: { typ: undefined } }))[0], 201);
    assert.deepEqual(
      trial.events.flatMap((event) => (event.event === 'client.assertion_untyped' ? event.clientId : [])),
      [old.clientId],
    );
  });

  const refusals: readonly (readonly [string, Fields])[] = [
    [
      'no credentials',
      { client_assertion: undefined, client_assertion_type: undefined, client_id: app.clientId },
    ],
    ['no type of assertion', { client_assertion_type: undefined }],
    [
      'another type of assertion',
      { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
    ],
    ['a text as assertion', { client_assertion: 'text' }],
    ['the key of another client', assertionFields(signAssertion(otherApp.key, app.clientId, url))],
  ];
  for (const [name, fields] of refusals) {
    test(`gets nothing with ${name}`, async () => {
      assert.equal((await push(app, fields))[1]['error'], 'invalid_client');
    });
  }

  test('names itself and nobody else beside its assertion, and sends no secret', async () => {
    for (const fields of [{ client_id: otherApp.clientId }, { client_secret: 'x' }]) {
      const [status, body] = await push(app, fields);
      assert.deepEqual([status, body['error']], [400, 'invalid_request'], JSON.stringify(body));
    }
    assert.equal((await push(app, { client_id: app.clientId }))[0], 201);
  });

  test('cannot use a secret', async () => {
    const secret = randomBytes(8).toString('hex');
    const form = formOf({ ...REQUEST, client_id: app.clientId, client_secret: secret });
    assert.equal((await post('/oauth/par', form))[1]['error'], 'invalid_client');
  });
});

describe('A pushed request', () => {
  test('is answered with a URI that lives less than ten minutes, and is not cached', async () => {
    const response = await fetch(`${url}/oauth/par`, {
      method: 'POST',
      body: formOf({ ...REQUEST, ...authenticated(app) }),
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
    const form = formOf({ ...REQUEST, ...authenticated(app) });
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
    const fields = await vehicleOf(consent);
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
    const agreed = await browser.press(consent, 'agree', await vehicleOf(consent));
    assert.equal(typeof sentBack(agreed)['code'], 'string');
    const later = createPlainBrowser();
    const lateConsent = await signIn(later, visitUrl(app, await pushed(app)));
    trial.ahead += 590_000;
    const late = await later.press(lateConsent, 'agree', await vehicleOf(lateConsent));
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
    const free = await register({ requirePar: false });
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

const newKey = () => createDpopKey(() => Math.floor((Date.now() + trial.ahead) / 1000));
/** Sends a form with a proof of the key, with the nonce that the server asks for. */
const postProved = async (path: string, makeForm: () => URLSearchParams, key: DpopKey) => {
  const send = async (nonce?: string) => {
    const headers = { DPoP: key.prove(`${url}${path}`, { nonce }) };
    const response = await fetch(`${url}${path}`, { method: 'POST', body: makeForm(), headers });
    return { response, body: (await response.json()) as Json };
  };
  const first = await send();
  assert.deepEqual([first.response.status, first.body['error']], [400, 'use_dpop_nonce']);
  return send(first.response.headers.get('dpop-nonce') ?? assert.fail());
};
const pushForm = (fields: Fields = {}) => formOf({ ...REQUEST, ...authenticated(app), ...fields });
const redeemForm =
  (code: string, client = app) =>
  () =>
    formOf({
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
      ...authenticated(client),
    });

describe('A pushed request with a proof', () => {
  test('binds its code to the key, with the parameter and without', async () => {
    const [key, thief] = [newKey(), newKey()];
    for (const fields of [{}, { dpop_jkt: key.thumbprint }]) {
      const { response, body } = await postProved('/oauth/par', () => pushForm(fields), key);
      assert.deepEqual([response.status, response.headers.has('dpop-nonce')], [201, true]);
      const code = await agree(app, String(body['request_uri']));
      assert.equal((await redeem(app, code))[1]['error'], 'invalid_grant');
      assert.equal((await postProved('/token', redeemForm(code), thief)).body['error'], 'invalid_grant');
      assert.equal((await postProved('/token', redeemForm(code), key)).body['token_type'], 'DPoP');
    }
  });

  test('is refused where the parameter names another key, or the proof is wrong', async () => {
    const other = () => pushForm({ dpop_jkt: newKey().thumbprint });
    const { response, body } = await postProved('/oauth/par', other, newKey());
    assert.deepEqual([response.status, body['error']], [400, 'invalid_dpop_proof']);
    const headers = { DPoP: newKey().prove(`${url}/token`) };
    const wrong = await fetch(`${url}/oauth/par`, { method: 'POST', body: pushForm(), headers });
    assert.deepEqual([wrong.status, ((await wrong.json()) as Json)['error']], [400, 'invalid_dpop_proof']);
  });
});

describe('FAPI 2.0', () => {
  test('a request names its redirect URI', async () => {
    const profiled = await register({ profile: 'fapi2' });
    assert.equal((await push(profiled, { redirect_uri: undefined }))[1]['error'], 'invalid_request');
    assert.equal((await push(app, { redirect_uri: undefined }))[0], 201);
  });

  test('a code is its client’s, needs its verifier, and is used once', async () => {
    const code = await agree(app, await pushed(app));
    for (const [client, fields] of [
      [otherApp, {}],
      [app, { code_verifier: undefined }],
      [app, { code_verifier: 'x'.repeat(43) }],
      [app, { redirect_uri: 'https://app.example/other' }],
    ] as const)
      assert.equal((await redeem(client, code, fields))[1]['error'], 'invalid_grant');
    assert.equal((await redeem(app, code))[0], 200);
    trial.ahead += 1000;
    assert.equal((await redeem(app, code))[1]['error'], 'invalid_grant');
  });

  test('a code lives 60 seconds, and scopes come in any order', async () => {
    const profiled = await register({ profile: 'fapi2' });
    for (const [afterMs, error] of [
      [58_000, undefined],
      [60_000, 'invalid_grant'],
    ] as const) {
      const code = await agree(profiled, await pushed(profiled, { scope: 'read_vin read_odometer' }));
      trial.ahead += afterMs;
      const { body } = await postProved('/token', redeemForm(code, profiled), newKey());
      assert.equal(body['error'], error, JSON.stringify(body));
    }
  });

  test('the refresh token of another client is worth nothing', async () => {
    const [, tokens] = await redeem(app, await agree(app, await pushed(app)));
    assert.equal((await refresh(otherApp, tokens['refresh_token']))[1]['error'], 'invalid_grant');
    assert.equal((await refresh(app, tokens['refresh_token'], {}))[1]['error'], 'invalid_client');
    assert.equal((await refresh(app, tokens['refresh_token']))[0], 200);
  });
});
