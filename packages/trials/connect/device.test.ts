import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { createKeyLines } from '@keyfob/server/tokens';
import { createMemoryStore } from '../support/memory-store/store.ts';
import { openConnectTrial } from './connect-trial.ts';
import type { TrialClient } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';
import type { PlainBrowser, PlainPage } from './plain-browser.ts';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
const trial = await openConnectTrial(
  { after },
  { demo: true, ownerVisitsPerAddressMax: 0, ownerVisitsMax: 0 },
);
const policy = { deviceFlow: true };
const smartcar = await trial.register('smartcar', { policy });
const oauth = await trial.register('oauth', { policy });

/** The vehicle of demo owner 1, who has one. */
const IONIQ = '9e2c0502-36cd-5f62-a987-a4b4dde6d189';
const DEMO_SUBJECT = 'simulated:owner-1';
const VEHICLE = { [`vehicle_${IONIQ}`]: 'yes' };

type Answer = readonly [status: number, body: Readonly<Record<string, unknown>>];

const post = async (
  path: string,
  { clientId, clientSecret }: TrialClient,
  form: Readonly<Record<string, string>>,
): Promise<Answer> => {
  const response = await fetch(`${trial.url}${path}`, {
    method: 'POST',
    headers: {
      'User-Agent': 'device-trial',
      ...(clientSecret !== '' && {
        Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      }),
    },
    body: new URLSearchParams({ ...form, ...(clientSecret === '' && { client_id: clientId }) }),
  });
  return [response.status, (await response.json()) as Answer[1]];
};

type Device = { readonly deviceCode: string; readonly userCode: string; readonly complete: string };

const ask = async (client: TrialClient, form: Readonly<Record<string, string>> = {}): Promise<Device> => {
  const wanted = { scope: 'read_odometer', ...form };
  const [status, body] = await post('/oauth/device_authorization', client, wanted);
  assert.equal(status, 200, JSON.stringify(body));
  return {
    deviceCode: String(body['device_code']),
    userCode: String(body['user_code']),
    complete: String(body['verification_uri_complete']),
  };
};

const poll = (
  client: TrialClient,
  { deviceCode }: Device,
  {
    path = '/oauth/token',
    ...more
  }: {
    readonly path?: string;
    readonly code_verifier?: string;
    readonly authorization_details?: string;
  } = {},
): Promise<Answer> => post(path, client, { grant_type: GRANT_TYPE, device_code: deviceCode, ...more });

const assertError = ([status, body]: Answer, error: string): void =>
  assert.deepEqual([status, body['error']], [400, error]);

/** Signs demo owner 1 in at an address of the device pages. Returns the page there. */
const signIn = async (browser: PlainBrowser, url: string, owner = '1'): Promise<PlainPage> => {
  const signedIn = await browser.press(await browser.open(url), owner);
  assert.equal(signedIn.status, 303, signedIn.body);
  return browser.open(signedIn.location);
};

const agree = async ({ complete }: Device): Promise<void> => {
  const browser = createPlainBrowser();
  const done = await browser.press(await signIn(browser, complete), 'agree', VEHICLE);
  assert.equal(done.status, 200, done.body);
  assert.match(done.body, /is connected/);
};

describe('A device', () => {
  test('asks for a code, polls until its owner agrees elsewhere, and gets tokens that refresh', async () => {
    const [, answered] = await post('/oauth/device_authorization', smartcar, { scope: 'read_odometer' });
    assert.deepEqual(Object.keys(answered), [
      'device_code',
      'user_code',
      'verification_uri',
      'verification_uri_complete',
      'expires_in',
      'interval',
    ]);
    assert.match(String(answered['user_code']), /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.equal(answered['verification_uri'], `${trial.url}/device`);
    const complete = `${trial.url}/device?user_code=${String(answered['user_code'])}`;
    assert.equal(answered['verification_uri_complete'], complete);
    assert.deepEqual([answered['expires_in'], answered['interval']], [600, 5]);
    const device = { deviceCode: String(answered['device_code']), userCode: '', complete };
    assertError(await poll(smartcar, device), 'authorization_pending');
    await agree(device);
    // Right after the approval, without the wait of the interval: never slow_down, never invalid_grant.
    const [status, tokens] = await poll(smartcar, device);
    assert.equal(status, 200, JSON.stringify(tokens));
    const refreshed = await post('/oauth/token', smartcar, {
      grant_type: 'refresh_token',
      refresh_token: String(tokens['refresh_token']),
    });
    assert.equal(refreshed[0], 200);
  });

  test("at a vendor's own paths, with its id alone and PKCE, waits by the vendor's status and learns the owner", async () => {
    const app = await trial.register('forgerock', { type: 'public' });
    const verifier = 'v'.repeat(43);
    const [asked, codes] = await post('/gcdm/oauth/device/code', app, {
      response_type: 'device_code',
      scope: 'authenticate_user openid cardata:streaming:read',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    assert.equal(asked, 200, JSON.stringify(codes));
    const device = {
      deviceCode: String(codes['device_code']),
      userCode: String(codes['user_code']),
      complete: String(codes['verification_uri_complete']),
    };
    const place = { path: '/gcdm/oauth/token', code_verifier: verifier };
    const [waiting, pending] = await poll(app, device, place);
    assert.deepEqual([waiting, pending['error']], [403, 'authorization_pending']);
    await agree(device);
    const [status, tokens] = await poll(app, device, place);
    assert.deepEqual([status, tokens['expires_in'], tokens['gcid']], [200, 3599, DEMO_SUBJECT]);
    const form = { grant_type: 'refresh_token', refresh_token: 'A'.repeat(40) };
    assertError(await post(place.path, app, form), 'invalid_request');
    const standard: Readonly<Record<string, unknown>> = { dialectOptions: { pendingStatus: '400' } };
    const other = await trial.register('forgerock', { type: 'public', policy: standard });
    const named = await ask(other, { scope: 'cardata:api:read' });
    assertError(await poll(other, named, { path: place.path }), 'authorization_pending');
  });

  test('that lost the answer polls again and gets the same refresh token; later it gets nothing, and its grant lives on', async () => {
    const device = await ask(smartcar);
    await agree(device);
    const [, first] = await poll(smartcar, device);
    trial.ahead += 60_000;
    const [status, again] = await poll(smartcar, device);
    assert.deepEqual([status, again['refresh_token']], [200, first['refresh_token']]);
    trial.ahead += 61_000;
    assertError(await poll(smartcar, device), 'invalid_grant');
    const form = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) };
    assert.equal((await post('/oauth/token', smartcar, form))[0], 200);
  });

  test('whose tokens were refreshed gets nothing for its device code', async () => {
    const device = await ask(smartcar);
    await agree(device);
    const [, first] = await poll(smartcar, device);
    const form = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) };
    const [status, second] = await post('/oauth/token', smartcar, form);
    assert.equal(status, 200);
    assertError(await poll(smartcar, device), 'invalid_grant');
    const next = { grant_type: 'refresh_token', refresh_token: String(second['refresh_token']) };
    assert.equal((await post('/oauth/token', smartcar, next))[0], 200);
  });

  test('that polls too often has to wait five seconds longer each time', async () => {
    const device = await ask(smartcar);
    const startMs = Date.now() + trial.ahead;
    const outcomes = [];
    for (const seconds of [0, 1, 60, 64, 120]) {
      trial.ahead = startMs + seconds * 1000 - Date.now();
      outcomes.push((await poll(smartcar, device))[1]['error']);
    }
    const pending = 'authorization_pending';
    assert.deepEqual(outcomes, [pending, 'slow_down', pending, 'slow_down', pending]);
  });

  test('learns that its owner declined, and that its code has expired', async () => {
    const declined = await ask(smartcar);
    const browser = createPlainBrowser();
    const done = await browser.press(await signIn(browser, declined.complete), 'decline');
    assert.match(done.body, /Nothing was shared/);
    assertError(await poll(smartcar, declined), 'access_denied');
    const device = await ask(smartcar);
    trial.ahead += 599_000;
    assertError(await poll(smartcar, device), 'authorization_pending');
    trial.ahead += 1001;
    assertError(await poll(smartcar, device), 'expired_token');
    const late = await signIn(createPlainBrowser(), device.complete);
    assert.equal(late.status, 400);
    assert.match(late.body, /expired or was already used/);
    // Days later, when its row is gone.
    trial.ahead += 7 * 86_400_000;
    await ask(smartcar);
    assertError(await poll(smartcar, device), 'expired_token');
  });

  test('whose owner agreed in the last second gets its tokens after the end', async () => {
    const device = await ask(smartcar);
    trial.ahead += 598_000;
    await agree(device);
    trial.ahead += 30_000;
    assert.equal((await poll(smartcar, device))[0], 200);
  });

  test('whose owner removed the access before it came for its tokens learns that it was denied', async () => {
    const device = await ask(smartcar);
    await agree(device);
    const { store } = trial.deployment;
    const sharing = { subject: DEMO_SUBJECT, clientId: smartcar.clientId, brand: undefined };
    const withdrawal = { sharing, vehicleId: undefined, endsWhenEmpty: true };
    await store.withdraw(withdrawal, { nowMs: Date.now() + trial.ahead, requestId: 'request-1' });
    assertError(await poll(smartcar, device), 'access_denied');
  });

  test('of a plain OAuth client gets tokens where metadata says, and at the endpoint of its own', async () => {
    for (const path of ['/oauth/token', '/token']) {
      const device = await ask(oauth);
      assertError(await poll(oauth, device, { path }), 'authorization_pending');
      await agree(device);
      const [status, tokens] = await poll(oauth, device, { path });
      assert.equal(status, 200, JSON.stringify(tokens));
      const form = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) };
      assert.equal((await post('/token', oauth, form))[0], 200);
    }
  });

  test('of another client gets nothing for the device code, and takes nothing from its owner', async () => {
    const other = await trial.register('smartcar', { policy });
    const device = await ask(smartcar);
    assertError(await poll(other, device), 'invalid_grant');
    await agree(device);
    assertError(await poll(other, device), 'invalid_grant');
    assert.equal((await poll(smartcar, device))[0], 200);
  });

  test('needs the verifier of its challenge, if it sent one', async () => {
    const verifier = 'v'.repeat(43);
    const code_challenge = createHash('sha256').update(verifier).digest('base64url');
    const device = await ask(smartcar, { code_challenge, code_challenge_method: 'S256' });
    await agree(device);
    assertError(await poll(smartcar, device), 'invalid_grant');
    assertError(await poll(smartcar, device, { code_verifier: 'w'.repeat(43) }), 'invalid_grant');
    assert.equal((await poll(smartcar, device, { code_verifier: verifier }))[0], 200);
  });

  test('presents no authorization code as a device code, and no nonsense', async () => {
    for (const deviceCode of ['nonsense', '3e565aed-d4b2-4296-9b4c-aec35825a6aa'])
      assertError(await poll(smartcar, { deviceCode, userCode: '', complete: '' }), 'invalid_grant');
    assertError(await post('/oauth/token', smartcar, { grant_type: GRANT_TYPE }), 'invalid_request');
    const { deviceCode } = await ask(smartcar);
    const form = { grant_type: 'authorization_code', code: deviceCode, redirect_uri: smartcar.redirectUri };
    assertError(await post('/oauth/token', smartcar, form), 'invalid_grant');
  });
});

describe('Only a client that may use the device flow', () => {
  test('gets a code, and tokens', async () => {
    const without = await trial.register('smartcar');
    const form = { scope: 'read_odometer' };
    assertError(await post('/oauth/device_authorization', without, form), 'unauthorized_client');
    const device = { deviceCode: 'any', userCode: '', complete: '' };
    assertError(await poll(without, device), 'unauthorized_client');
    const pleos = await trial.register('pleos', { policy });
    assertError(await post('/oauth/device_authorization', pleos, form), 'unauthorized_client');
  });

  test('may be public, and then asks for a limited number of codes a minute', async () => {
    const app = await trial.register('oauth', {
      type: 'public',
      redirectUris: ['http://127.0.0.1/cb'],
      policy,
    });
    const answers = [];
    for (let count = 0; count < 31; count++)
      answers.push((await post('/oauth/device_authorization', app, { scope: 'read_odometer' }))[0]);
    assert.deepEqual([answers[0], answers[29], answers[30]], [200, 200, 429]);
  });

  test('asks for known scopes that it may have', async () => {
    for (const scope of ['', 'unknown_scope', 'read_odometer unknown_scope'])
      assertError(await post('/oauth/device_authorization', smartcar, { scope }), 'invalid_scope');
    const authorization_details = JSON.stringify([{ type: 'vehicle_data', data: ['mileage'], purpose: 'a' }]);
    const forData = { scope: 'read_odometer', authorization_details };
    const refused = await post('/oauth/device_authorization', smartcar, forData);
    assertError(refused, 'invalid_authorization_details');
    assert.match(String(refused[1]['error_description']), /A device cannot ask/);
    const device = await ask(smartcar);
    await agree(device);
    assertError(await poll(smartcar, device, { authorization_details }), 'invalid_authorization_details');
    assert.equal((await poll(smartcar, device))[0], 200);
    const odd = { scope: 'read_odometer', code_challenge: 'x', code_challenge_method: 'S256' };
    assertError(await post('/oauth/device_authorization', smartcar, odd), 'invalid_request');
  });
});

describe('An owner', () => {
  test('enters the code as they like, and sees the client, the code and a warning before agreeing', async () => {
    const { userCode } = await ask(smartcar);
    const browser = createPlainBrowser();
    const entry = await browser.open(`${trial.url}/device`);
    assert.match(entry.body, /Enter the code on your device/);
    const typed = userCode.toLowerCase().replace('-', ' ').split('').join(' ');
    const consent = await signIn(browser, `${trial.url}/device?user_code=${encodeURIComponent(typed)}`);
    assert.equal(consent.status, 200, consent.body);
    for (const words of ['Charge planner', userCode, 'in front of you', 'Odometer', 'IONIQ 5'])
      assert.ok(consent.body.includes(words), words);
    const nothing = await browser.press(consent, 'agree');
    assert.equal(nothing.status, 400);
  });

  test('decides once', async () => {
    const device = await ask(smartcar);
    const [one, other] = [createPlainBrowser(), createPlainBrowser()];
    const [page, otherPage] = [await signIn(one, device.complete), await signIn(other, device.complete)];
    await one.press(page, 'decline');
    const late = await other.press(otherPage, 'agree', VEHICLE);
    assert.match(late.body, /expired or was already used/);
    assertError(await poll(smartcar, device), 'access_denied');
  });

  test('without vehicles cannot agree, and the device learns it', async () => {
    const device = await ask(smartcar);
    const browser = createPlainBrowser();
    await browser.press(await signIn(browser, device.complete, '4'), 'no_vehicles');
    assertError(await poll(smartcar, device), 'access_denied');
  });

  test('gets the QR code of the complete address as a picture', async () => {
    const { complete } = await ask(smartcar);
    const picture = await fetch(complete.replace('/device?', '/device/qr.svg?'));
    assert.equal(picture.headers.get('content-type'), 'image/svg+xml');
    assert.match(await picture.text(), /^<svg [^>]*viewBox="0 0 41 41"/);
    assert.equal((await fetch(`${trial.url}/device/qr.svg?user_code=AEIO-UAEI`)).status, 404);
  });

  test('who enters ten wrong codes has to wait, also with the right one', async () => {
    const device = await ask(smartcar);
    const browser = createPlainBrowser();
    const wrong = `${trial.url}/device?user_code=BBBB-BBBB`;
    assert.equal((await signIn(browser, wrong)).status, 400);
    for (let count = 1; count < 10; count++) assert.equal((await browser.open(wrong)).status, 400);
    const refused = await browser.open(device.complete);
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.doesNotMatch(refused.body, /Charge planner/);
    const counted = trial.events.filter(({ event }) => event === 'device.code_wrong');
    assert.equal(counted.length, 10);
  });
});

test('guesses that come all at once are counted one by one, also where the store takes its time', async (t) => {
  const GUESSES = 40;
  let begun = -1;
  const gate = Promise.withResolvers<void>();
  // Nothing is found before every guess waits for the store, or has its answer.
  const note = (): void => {
    if (begun >= 0 && ++begun === GUESSES) gate.resolve();
  };
  const store = createMemoryStore({
    async run(verb, work) {
      if (verb === 'findDeviceRequest' && begun >= 0) {
        note();
        await gate.promise;
      }
      return work();
    },
  });
  const slow = await openConnectTrial(t, { demo: true, key: createKeyLines(1, 1_700_000_000) }, { store });
  const browser = createPlainBrowser();
  const wrong = `${slow.url}/device?user_code=BBBB-BBBB`;
  await signIn(browser, wrong);
  begun = 0;
  const statuses = await Promise.all(
    Array.from({ length: GUESSES }, async () => {
      const { status } = await browser.open(wrong);
      if (status === 429) note();
      return status;
    }),
  );
  assert.equal(statuses.filter((status) => status === 400).length, 9);
});
