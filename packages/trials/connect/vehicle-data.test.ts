import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { ConsentRecord } from '@keyfob/server';
import { decodeJwt } from 'jose';
import { openConnectTrial } from './connect-trial.ts';
import type { TrialClient } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';
import type { PlainPage } from './plain-browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'keyfob-data-'));
after(() => rmSync(folder, { recursive: true }));
const scopesFile = join(folder, 'scopes.json');
writeFileSync(
  scopesFile,
  JSON.stringify({
    scopes: [],
    data: [
      {
        name: 'mileage',
        scopes: ['read_odometer'],
        text: { en: 'How far the car has driven', ko: '주행 거리' },
      },
      {
        name: 'charging',
        scopes: ['read_charge', 'read_battery'],
        text: { en: 'How and when it is charged', ko: '충전 기록' },
      },
    ],
  }),
);
const trial = await openConnectTrial({ after }, { demo: true, scopesFile });
const { url } = trial;
const PURPOSE = 'Price a policy by the kilometre';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
/** Long after the end of every test, and earlier than the lifetime of most grants. */
const IN_AN_HOUR = Math.floor(Date.now() / 1000) + 3600;

type Json = Readonly<Record<string, unknown>>;
type Detail = Readonly<Record<string, unknown>>;

const ALLOWED = { authorizationDetails: 'vehicle_data' };
const insurer = await trial.register('oauth', { name: 'Kilometre insurance', policy: ALLOWED });
const signing = await trial.register('oauth', { policy: { ...ALLOWED, accessTokenFormat: 'jwt' } });
const narrow = await trial.register('oauth', { policy: { ...ALLOWED, grantScope: 'read_odometer' } });
const plain = await trial.register('oauth');
const car = await trial.register('smartcar', { name: 'Car insurance', policy: ALLOWED });

const detailOf = (more: Detail = {}): Detail => ({
  type: 'vehicle_data',
  data: ['mileage', 'charging'],
  purpose: PURPOSE,
  until: IN_AN_HOUR,
  ...more,
});

const requestOf = (client: TrialClient, details: unknown, more: Record<string, string> = {}) => ({
  response_type: 'code',
  client_id: client.clientId,
  redirect_uri: client.redirectUri,
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
  authorization_details: typeof details === 'string' ? details : JSON.stringify(details),
  ...more,
});

const signIn = async (query: Record<string, string>, path = '/authorize') => {
  const browser = createPlainBrowser();
  const page = await browser.open(`${url}${path}?${new URLSearchParams(query).toString()}`);
  if (page.status !== 200) return { browser, consent: page };
  const signedIn = await browser.press(page, '2');
  return { browser, consent: signedIn.target === '' ? signedIn : await browser.open(signedIn.target) };
};

const choicesOf = ({ body }: PlainPage): readonly string[] => [
  ...new Set([...body.matchAll(/name="(vehicle_[^"]+)"/g)].map(([, name]) => String(name))),
];

const sentBack = (page: PlainPage): URLSearchParams => {
  assert.equal(page.status, 302, page.body);
  return new URL(page.location).searchParams;
};

const post = async (path: string, client: TrialClient, fields: Record<string, string>) => {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: client.clientId,
      client_secret: client.clientSecret,
      ...fields,
    }),
  });
  return { status: response.status, body: (await response.json()) as Json };
};

const consentTo = async (query: Record<string, string>): Promise<string> => {
  const { browser, consent } = await signIn(query);
  const [first = ''] = choicesOf(consent);
  const back = sentBack(await browser.press(consent, 'agree', { [first]: 'yes' }));
  return back.get('code') ?? assert.fail(back.toString());
};

const redeem = async (client: TrialClient, code: string, fields: Record<string, string> = {}) =>
  post(client === car ? '/oauth/token' : '/token', client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: VERIFIER,
    ...fields,
  });

const refresh = (client: TrialClient, token: unknown, fields: Record<string, string> = {}) =>
  post('/token', client, { grant_type: 'refresh_token', refresh_token: String(token), ...fields });

const introspect = async (client: TrialClient, token: unknown): Promise<Json> =>
  (await post('/oauth/introspect', client, { token: String(token) })).body;

const dataOf = ({ authorization_details: details }: Json): unknown =>
  (details as readonly Detail[] | undefined)?.[0]?.['data'];

describe('A client that asks for vehicle data', () => {
  test('shows its owner the purpose, the data and the end, in both languages', async () => {
    const { browser, consent } = await signIn(requestOf(insurer, [detailOf()]));
    for (const text of [PURPOSE, 'How far the car has driven', 'How and when it is charged', 'Until'])
      assert.ok(consent.body.includes(text), text);
    const korean = await browser.open(consent.url, { 'Accept-Language': 'ko' });
    for (const text of [PURPOSE, '주행 거리', '충전 기록', '이용 기한'])
      assert.ok(korean.body.includes(text), text);
  });

  test('gets tokens for these data, which the answer and introspection name, until the end', async () => {
    const code = await consentTo(requestOf(insurer, [detailOf()]));
    const { body: tokens } = await redeem(insurer, code);
    const [detail] = tokens['authorization_details'] as readonly Detail[];
    assert.deepEqual(
      [detail?.['type'], detail?.['data'], detail?.['purpose'], detail?.['until']],
      ['vehicle_data', ['mileage', 'charging'], PURPOSE, IN_AN_HOUR],
    );
    assert.ok(Array.isArray(detail?.['vehicles']) && detail['vehicles'].length === 1);
    assert.ok(Number(tokens['expires_in']) <= 3600);
    const found = await introspect(insurer, tokens['access_token']);
    assert.deepEqual(found['authorization_details'], [detail]);
    assert.equal(found['scope'], 'read_odometer read_charge read_battery');
    const { body: second } = await refresh(insurer, tokens['refresh_token']);
    assert.deepEqual(second['authorization_details'], [detail]);
  });

  test('may ask for less with a token, and not for more', async () => {
    const code = await consentTo(requestOf(insurer, [detailOf()]));
    const less = JSON.stringify([{ type: 'vehicle_data', data: ['charging'] }]);
    const more = JSON.stringify([{ type: 'vehicle_data', data: ['charging', 'doors'] }]);
    const refused = await redeem(insurer, code, { authorization_details: more });
    assert.deepEqual([refused.status, refused.body['error']], [400, 'invalid_authorization_details']);
    const { body: tokens } = await redeem(insurer, code, { authorization_details: less });
    assert.deepEqual(dataOf(tokens), ['charging']);
    assert.equal((await introspect(insurer, tokens['access_token']))['scope'], 'read_charge read_battery');
    const wider = await refresh(insurer, tokens['refresh_token'], { authorization_details: more });
    assert.deepEqual([wider.status, wider.body['error']], [400, 'invalid_authorization_details']);
    const malformed = await refresh(insurer, tokens['refresh_token'], { authorization_details: '{}' });
    assert.equal(malformed.body['error'], 'invalid_authorization_details');
    const { body: all } = await refresh(insurer, tokens['refresh_token']);
    assert.deepEqual(dataOf(all), ['mileage', 'charging']);
  });

  test('gets JWTs that name the data', async () => {
    const code = await consentTo(requestOf(signing, [detailOf({ data: ['charging'] })]));
    const { body: tokens } = await redeem(signing, code);
    const claims = decodeJwt(String(tokens['access_token']));
    assert.deepEqual(claims['authorization_details'], tokens['authorization_details']);
    assert.ok(Number(claims.exp) <= IN_AN_HOUR);
    const found = await introspect(signing, tokens['access_token']);
    assert.deepEqual(found['authorization_details'], tokens['authorization_details']);
  });

  test('may push the request, and learns at once what is wrong with it', async () => {
    const { client_id: _id, ...pushed } = requestOf(insurer, [detailOf()]);
    const { status, body } = await post('/oauth/par', insurer, pushed);
    assert.equal(status, 201, JSON.stringify(body));
    const query = { client_id: insurer.clientId, request_uri: String(body['request_uri']) };
    assert.deepEqual(dataOf((await redeem(insurer, await consentTo(query))).body), ['mileage', 'charging']);
    const wrong = await post('/oauth/par', insurer, { ...pushed, authorization_details: '[]' });
    assert.deepEqual([wrong.status, wrong.body['error']], [400, 'invalid_authorization_details']);
  });

  test('names the vehicles that its owner may choose from', async () => {
    const all = choicesOf((await signIn(requestOf(insurer, [detailOf({ vehicles: 'choose' })]))).consent);
    assert.ok(all.length > 1);
    const [first = ''] = all.map((name) => name.replace('vehicle_', ''));
    const some = (await signIn(requestOf(insurer, [detailOf({ vehicles: [first] })]))).consent;
    assert.deepEqual(choicesOf(some), [`vehicle_${first}`]);
  });

  test('loses access when the end comes, with the same error as for a dead token', async () => {
    const code = await consentTo(requestOf(insurer, [detailOf()]));
    const { body: tokens } = await redeem(insurer, code);
    trial.ahead += 3_700_000;
    try {
      const { status, body } = await refresh(insurer, tokens['refresh_token']);
      assert.deepEqual([status, body['error']], [400, 'invalid_grant']);
      const last = trial.events.at(-1);
      assert.ok(
        last !== undefined && 'reason' in last && last.reason === 'until_passed',
        JSON.stringify(last),
      );
      assert.deepEqual(await introspect(insurer, tokens['access_token']), { active: false });
    } finally {
      trial.ahead -= 3_700_000;
    }
  });
});

/** A new grant, and a browser that presses a button of its form on the owner's page. */
const connect = () => connectBy(insurer);

const connectBy = async (client: TrialClient) => {
  const query = requestOf(client, [detailOf()]);
  const { browser, consent } = await signIn(query, client === car ? '/oauth/authorize' : '/authorize');
  const [first = ''] = choicesOf(consent);
  const back = sentBack(await browser.press(consent, 'agree', { [first]: 'yes' }));
  const { body: tokens } = await redeem(client, back.get('code') ?? '');
  const page = await browser.open(`${url}/connect`);
  const ids = [...page.body.matchAll(/name="grant" value="([0-9a-f]{16})"/g)].map(([, id]) => String(id));
  const listed = await trial.deployment.store.listGrants({ limit: 1000 });
  const newest = listed.toSorted((left, right) => right.createdAtMs - left.createdAtMs)[0]?.id;
  const grant = ids.find((id) => BigInt.asIntN(64, BigInt(`0x${id}`)) === newest) ?? assert.fail(page.body);
  const press = async (button: string, fields: Record<string, string>) => {
    const start = page.body.lastIndexOf('<form', page.body.indexOf(`name="grant" value="${grant}"`));
    const body = page.body.slice(start, page.body.indexOf('</form>', start) + '</form>'.length);
    const pressed = await browser.press({ ...page, body }, button, fields);
    return browser.open(pressed.target);
  };
  return { tokens, press, browser, grant };
};

describe('An owner changes a grant for vehicle data', () => {
  test('to less data, which counts at once for the tokens that are out', async () => {
    const { tokens, press } = await connect();
    const page = await press('change_data', { data_0: 'yes' });
    assert.ok(page.body.includes('Your change has been saved.'), page.body);
    const found = await introspect(insurer, tokens['access_token']);
    assert.deepEqual([dataOf(found), found['scope']], [['mileage'], 'read_odometer']);
    await press('change_data', { data_0: 'yes', data_1: 'yes' });
    assert.deepEqual(dataOf(await introspect(insurer, tokens['access_token'])), ['mileage', 'charging']);
  });

  test('not to more time than the client asked for', async () => {
    const { tokens, press } = await connect();
    const page = await press('change_data', { data_0: 'yes', until: '2099-01-01' });
    assert.ok(!page.body.includes('Your change has been saved.'));
    assert.deepEqual(dataOf(await introspect(insurer, tokens['access_token'])), ['mileage', 'charging']);
  });

  test('to its end, with the button or without data', async () => {
    for (const button of ['end_data', 'change_data']) {
      const { tokens, press } = await connect();
      await press(button, {});
      assert.deepEqual(await introspect(insurer, tokens['access_token']), { active: false });
    }
  });
});

describe('The vehicle calls of Smartcar for a grant for vehicle data', () => {
  test('answer for the vehicles and permissions that are left, and for none after the end', async () => {
    const { tokens, press } = await connectBy(car);
    const call = async (path: string): Promise<readonly [number, Json]> => {
      const headers = { Authorization: `Bearer ${String(tokens['access_token'])}` };
      const response = await fetch(`${url}/v2.0${path}`, { headers });
      return [response.status, (await response.json()) as Json];
    };
    const [, list] = await call('/vehicles');
    const [id = ''] = list['vehicles'] as readonly string[];
    const permissions = async (): Promise<unknown> =>
      (await call(`/vehicles/${id}/permissions`))[1]['permissions'];
    assert.deepEqual(await permissions(), ['read_odometer', 'read_charge', 'read_battery']);
    // The data say nothing of the vehicle itself.
    assert.equal((await call(`/vehicles/${id}`))[0], 403);
    await press('change_data', { data_0: 'yes' });
    assert.deepEqual(await permissions(), ['read_odometer']);
    await press('end_data', {});
    assert.equal((await call('/vehicles'))[0], 401);
  });

  test('answer nobody once the agreed moment has passed', async () => {
    const { tokens } = await connectBy(car);
    const headers = { Authorization: `Bearer ${String(tokens['access_token'])}` };
    assert.equal((await fetch(`${url}/v2.0/vehicles`, { headers })).status, 200);
    trial.ahead += 3_700_000;
    try {
      assert.equal((await fetch(`${url}/v2.0/vehicles`, { headers })).status, 401);
    } finally {
      trial.ahead -= 3_700_000;
    }
  });
});

test('an owner downloads the records of the own consents, and nobody else does', async () => {
  const { browser, grant, press } = await connect();
  const page = await press('change_data', { data_0: 'yes' });
  assert.match(page.body, /href="\/connect\/records"/);
  const file = await browser.open(`${url}/connect/records`);
  assert.match(file.headers.get('content-disposition') ?? '', /^attachment; filename="consents\.json"$/);
  assert.equal(file.headers.get('cache-control'), 'no-store');
  const { consents, next } = JSON.parse(file.body) as {
    readonly consents: readonly ConsentRecord[];
    readonly next: string | null;
  };
  assert.equal(next, null);
  const record = consents.find(({ grantId }) => grantId === grant) ?? assert.fail(file.body);
  assert.deepEqual(
    [record.client.name, record.vehicleData?.purpose, record.shownOn?.language, record.status],
    ['Kilometre insurance', PURPOSE, 'en', 'active'],
  );
  assert.deepEqual(
    record.vehicleData?.changes.map(({ became, data }) => [became, data]),
    [['narrowed', ['mileage']]],
  );
  const stranger = await createPlainBrowser().open(`${url}/connect/records`);
  assert.deepEqual([stranger.status, new URL(stranger.location).pathname], [302, '/connect']);
});

describe('A request for vehicle data is refused', () => {
  const TOO_LONG = 'x'.repeat(201);
  const rows: readonly (readonly [string, TrialClient, unknown])[] = [
    ['of a client that may not ask for any', plain, [detailOf()]],
    ['for data whose scopes the client may not have', narrow, [detailOf()]],
    ['for data that nobody declared', insurer, [detailOf({ data: ['doors'] })]],
    ['of another type', insurer, [detailOf({ type: 'payment' })]],
    ['with an unknown member', insurer, [detailOf({ actions: ['read'] })]],
    ['with two objects', insurer, [detailOf(), detailOf()]],
    ['without a list', insurer, detailOf()],
    ['that is no JSON', insurer, 'mileage'],
    ['without data', insurer, [detailOf({ data: [] })]],
    ['with data named twice', insurer, [detailOf({ data: ['mileage', 'mileage'] })]],
    ['without a purpose', insurer, [detailOf({ purpose: ' ' })]],
    ['with a long purpose', insurer, [detailOf({ purpose: TOO_LONG })]],
    ['with a purpose of two lines', insurer, [detailOf({ purpose: 'a\nb' })]],
    ['with a purpose that changes the direction of text', insurer, [detailOf({ purpose: 'a\u202eb' })]],
    ['until a moment that has passed', insurer, [detailOf({ until: 1000 })]],
    ['until a moment far away', insurer, [detailOf({ until: 99_999_999_999 })]],
    ['until a word', insurer, [detailOf({ until: 'tomorrow' })]],
    ['for no vehicle', insurer, [detailOf({ vehicles: [] })]],
    ['for what is no vehicle', insurer, [detailOf({ vehicles: ['car'] })]],
    ['that is too long', insurer, [detailOf({ purpose: 'x'.repeat(4096) })]],
  ];
  for (const [name, client, details] of rows)
    test(name, async () => {
      const { consent } = await signIn(requestOf(client, details));
      assert.equal(sentBack(consent).get('error'), 'invalid_authorization_details');
    });

  test('an end may be a date, which is over with that day', async () => {
    const day = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
    const { body } = await redeem(insurer, await consentTo(requestOf(insurer, [detailOf({ until: day })])));
    const [detail] = body['authorization_details'] as readonly Detail[];
    assert.equal(detail?.['until'], Date.parse(day) / 1000 + 86_400);
  });
});

test('metadata name the type where the deployment declares data', async () => {
  const response = await fetch(`${url}/.well-known/oauth-authorization-server`);
  const metadata = (await response.json()) as Json;
  assert.deepEqual(metadata['authorization_details_types_supported'], ['vehicle_data']);
});
