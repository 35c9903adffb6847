import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { approveRegistration, listWaiting, makeRegistrationToken, refuseRegistration } from '@keyfob/server';
import type { OperationContext } from '@keyfob/server';
import { changeClient } from '@keyfob/server';
import { exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { openConnectTrial } from '../connect/connect-trial.ts';
import { createPlainBrowser } from '../connect/plain-browser.ts';

const REDIRECT_URI = 'https://app.example/callback';
const trial = await openConnectTrial(
  { after },
  {
    demo: true,
    metadataDialect: 'oauth',
    clientRegistration: true,
    // One test moves the clock, by which failures are counted too.
    authenticationFailuresPerAddressMax: 0,
  },
);
const { url, deployment } = trial;
const context: OperationContext = {
  ...deployment,
  get keyRing() {
    return deployment.keyRing;
  },
};
const ENDPOINT = `${url}/oauth/register`;

type Json = Readonly<Record<string, unknown>>;
type MadeToken = Parameters<typeof makeRegistrationToken>[1];

const makeToken = async (more: Partial<MadeToken> = {}): Promise<string> => {
  const wanted = { name: 'Example GmbH', dialect: 'oauth', uses: 1, expiresInSeconds: 3600, ...more };
  const made = await makeRegistrationToken(context, wanted);
  assert.ok(made.outcome === 'made', JSON.stringify(made));
  return made.text;
};

const send = async (method: string, target: string, token: string, body?: unknown) => {
  const response = await fetch(target, {
    method,
    headers: {
      ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = (text === '' ? {} : JSON.parse(text)) as Json;
  return { status: response.status, headers: response.headers, body: parsed };
};

/** A client that registered itself with these metadata. */
const register = async (metadata: Json = {}, token?: string) => {
  const sent = { redirect_uris: [REDIRECT_URI], client_name: 'Planner', ...metadata };
  const { status, body } = await send('POST', ENDPOINT, token ?? (await makeToken()), sent);
  assert.equal(status, 201, JSON.stringify(body));
  return {
    body,
    clientId: String(body['client_id']),
    secret: String(body['client_secret']),
    at: String(body['registration_client_uri']),
    token: String(body['registration_access_token']),
  };
};

const approve = async (clientId: string): Promise<void> => {
  const waiting = (await listWaiting(context, { limit: 100 })).registrations.find(
    (one) => one.client.id === clientId,
  );
  const seen = waiting?.registration.version ?? assert.fail(`${clientId} does not wait`);
  assert.deepEqual(await approveRegistration(context, { clientId, seen }), { outcome: 'approved' });
};

/** Owners of the demo may grant it access. */
const letSimulated = async (clientId: string): Promise<void> => {
  const changed = await changeClient(context, clientId, { policy: { simulatedOwners: true } });
  assert.equal(changed.outcome, 'changed');
};

/** An owner agrees; the address that the browser is sent back to. */
const agree = async (target: URL): Promise<URL> => {
  const browser = createPlainBrowser();
  const signedIn = await browser.press(await browser.open(target.href), '1');
  const consent = await browser.open(signedIn.target);
  const [, vehicle = ''] = /name="(vehicle_[^"]+)"/.exec(consent.body) ?? [];
  const agreed = await browser.press(consent, 'agree', vehicle === '' ? {} : { [vehicle]: 'yes' });
  return new URL(agreed.target);
};

describe('Libraries', () => {
  test('openid-client registers, waits for approval, and then gets tokens as usual', async () => {
    const config = await client.dynamicClientRegistration(
      new URL(url),
      { redirect_uris: [REDIRECT_URI], client_name: 'Charge planner' },
      undefined,
      {
        algorithm: 'oauth2',
        execute: [client.allowInsecureRequests],
        initialAccessToken: await makeToken(),
      },
    );
    const { client_id: clientId } = config.clientMetadata();
    const code_challenge_method = 'S256';
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const code_challenge = await client.calculatePKCECodeChallenge(pkceCodeVerifier);
    const target = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT_URI,
      scope: 'read_odometer',
      state: 'st',
      code_challenge,
      code_challenge_method,
    });
    // Nobody gets anything before an operator has looked at it.
    assert.notEqual((await fetch(target)).status, 200);
    await assert.rejects(client.refreshTokenGrant(config, 'A'.repeat(40)), /401|invalid_client|challenge/i);
    await approve(clientId);
    await letSimulated(clientId);
    const back = await agree(target);
    const tokens = await client.authorizationCodeGrant(config, back, {
      expectedState: 'st',
      pkceCodeVerifier,
    });
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    assert.ok(refreshed.access_token);
  });

  test('oauth4webapi registers a FAPI 2.0 client that publishes its keys', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
    const issuer = new URL(url);
    const options = { [oauth.allowInsecureRequests]: true };
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options });
    const as = await oauth.processDiscoveryResponse(issuer, found);
    assert.equal(as.registration_endpoint, ENDPOINT);
    const token = await makeToken({ profile: 'fapi2', uses: 2 });
    for (const keys of [{ jwks }, { jwks_uri: 'https://app.example/jwks.json' }]) {
      const metadata = {
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: 'private_key_jwt',
        ...keys,
      };
      const response = await oauth.dynamicClientRegistrationRequest(as, metadata, {
        initialAccessToken: token,
        ...options,
      });
      const registered = await oauth.processDynamicClientRegistrationResponse(response);
      assert.equal(registered['client_secret'], undefined);
      const stored = (await deployment.store.readClient(registered.client_id)).client;
      assert.deepEqual(
        [stored?.policy.profile, stored?.policy.clientAuthentication, stored?.disabledAtMs === undefined],
        ['fapi2', 'private_key_jwt', false],
      );
    }
    const third = await oauth.dynamicClientRegistrationRequest(
      as,
      {},
      { initialAccessToken: token, ...options },
    );
    assert.equal(third.status, 401);
  });
});

describe('A registration is refused', () => {
  const rows: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['without a redirect URI', { redirect_uris: [] }, 'invalid_redirect_uri', /at least one/],
    [
      'with a redirect URI over http',
      { redirect_uris: ['http://app.example/'] },
      'invalid_redirect_uri',
      /https/,
    ],
    [
      'with a redirect URI with *',
      { redirect_uris: ['https://app.example/*'] },
      'invalid_redirect_uri',
      /\*/,
    ],
    [
      'with a scheme of nobody',
      { redirect_uris: ['planner:/cb'] },
      'invalid_redirect_uri',
      /dot.*\(RFC 8252 section 7\.1\)/,
    ],
    [
      'with a fragment',
      { redirect_uris: ['https://app.example/#cb'] },
      'invalid_redirect_uri',
      /fragment \(RFC 6749 section 3\.1\.2\)/,
    ],
    [
      'with a redirect URI that names an issuer',
      { redirect_uris: ['https://app.example/cb?iss=https://other.example'] },
      'invalid_redirect_uri',
      /no iss in its query/,
    ],
    ['with a redirect URI that is no text', { redirect_uris: [7] }, 'invalid_redirect_uri', /strings/],
    ['with 51 redirect URIs', { redirect_uris: Array(51).fill(REDIRECT_URI) }, 'invalid_redirect_uri', /50/],
    [
      'with a software statement',
      { software_statement: 'e30.e30.' },
      'unapproved_software_statement',
      /without/,
    ],
    ['with another grant type', { grant_types: ['password'] }, 'invalid_client_metadata', /grant_types/],
    [
      'with another response type',
      { response_types: ['token'] },
      'invalid_client_metadata',
      /response_types/,
    ],
    [
      'with types that do not fit together',
      { grant_types: ['client_credentials'], response_types: ['code'] },
      'invalid_client_metadata',
      /together/,
    ],
    [
      'with another method',
      { token_endpoint_auth_method: 'client_secret_jwt' },
      'invalid_client_metadata',
      /token_endpoint_auth_method/,
    ],
    [
      'with a method that needs keys, without keys',
      { token_endpoint_auth_method: 'private_key_jwt' },
      'invalid_client_metadata',
      /jwks/,
    ],
    [
      'with keys in two places',
      { jwks: { keys: [] }, jwks_uri: 'https://a.example/' },
      'invalid_client_metadata',
      /not both/,
    ],
    ['with a jwks_uri over http', { jwks_uri: 'http://a.example/' }, 'invalid_client_metadata', /jwks_uri/],
    ['with more scope than the token has', { scope: 'control_security' }, 'invalid_client_metadata', /scope/],
    ['with a name that nobody can see', { client_name: 'a\u202eb' }, 'invalid_client_metadata', /name/],
    ['with a name that is no text', { client_name: 7 }, 'invalid_client_metadata', /client_name/],
    [
      'with two bindings',
      { dpop_bound_access_tokens: true, tls_client_certificate_bound_access_tokens: true },
      'invalid_client_metadata',
      /both/,
    ],
    [
      'for a public client with its own tokens',
      { token_endpoint_auth_method: 'none', grant_types: ['client_credentials'], redirect_uris: [] },
      'invalid_client_metadata',
      /client_credentials/,
    ],
    ['that is no JSON', '{', 'invalid_client_metadata', /JSON/],
    ['that names a member twice', '{"scope":"a","scope":"b"}', 'invalid_client_metadata', /JSON/],
    ['that is a list', '[]', 'invalid_client_metadata', /JSON/],
  ];
  for (const [name, metadata, error, description] of rows)
    test(name, async () => {
      const token = await makeToken();
      const sent =
        typeof metadata === 'object' && !Array.isArray(metadata)
          ? { redirect_uris: [REDIRECT_URI], ...metadata }
          : metadata;
      const refused = await send('POST', ENDPOINT, token, sent);
      assert.deepEqual([refused.status, refused.body['error']], [400, error]);
      assert.match(String(refused.body['error_description']), description);
      assert.match(String(refused.body['error_description']), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      assert.equal(refused.headers.get('cache-control'), 'no-store');
      // A refusal uses nothing up.
      await register({}, token);
    });

  test('without a token, with a wrong one, one that was used, and one that has expired', async () => {
    const used = await makeToken();
    await register({}, used);
    const metadata = { redirect_uris: [REDIRECT_URI] };
    for (const token of ['', 'kfi_x', `kfi_${'A'.repeat(43)}`, used]) {
      const refused = await send('POST', ENDPOINT, token, metadata);
      assert.equal(refused.status, 401, token);
      assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
    const short = await makeToken({ expiresInSeconds: 60 });
    trial.ahead += 61_000;
    const late = await send('POST', ENDPOINT, short, metadata);
    trial.ahead -= 61_000;
    assert.deepEqual([late.status, late.body['error']], [401, 'invalid_token']);
    trial.ahead += 61_000;
    const wrong = await send('POST', ENDPOINT, short, { ...metadata, grant_types: ['password'] });
    trial.ahead -= 61_000;
    assert.equal(wrong.status, 401, 'a token that has ended checks no metadata');
  });
});

describe('A client manages its registration', () => {
  test('reads it, with the token that it sent, and no other client does', async () => {
    const [one, other] = [await register({ scope: 'read_odometer' }), await register()];
    const { status, body } = await send('GET', one.at, one.token);
    assert.equal(status, 200);
    assert.deepEqual(
      [body['client_id'], body['registration_access_token'], body['registration_status'], body['scope']],
      [one.clientId, one.token, 'pending', 'read_odometer'],
    );
    assert.equal(body['client_secret'], undefined);
    assert.equal((await send('GET', one.at, other.token)).status, 401);
    assert.equal((await send('GET', `${ENDPOINT}/nobody`, one.token)).status, 401);
    assert.equal((await send('GET', one.at, '')).status, 401);
  });

  test('gets a new token with each update; the one before works until the new one is used', async () => {
    const { at, token, clientId } = await register();
    const update = { client_id: clientId, redirect_uris: [REDIRECT_URI], client_name: 'Planner' };
    const lost = await send('PUT', at, token, update);
    assert.equal(lost.status, 200, JSON.stringify(lost.body));
    // The answer was lost: the client repeats itself.
    const again = await send('PUT', at, token, update);
    const next = String(again.body['registration_access_token']);
    assert.notEqual(next, token);
    assert.equal((await send('GET', at, String(lost.body['registration_access_token']))).status, 401);
    assert.equal((await send('GET', at, token)).status, 200);
    assert.equal((await send('GET', at, next)).status, 200);
    assert.equal((await send('GET', at, token)).status, 401);
  });

  test('becomes less at once, and more only when an operator approves it', async () => {
    const OTHER = 'https://app.example/other';
    const { at, token, clientId } = await register({ redirect_uris: [REDIRECT_URI, OTHER] });
    await approve(clientId);
    const base = { client_id: clientId, client_name: 'Planner' };
    const less = await send('PUT', at, token, { ...base, redirect_uris: [REDIRECT_URI] });
    assert.deepEqual(
      [less.body['redirect_uris'], less.body['registration_status']],
      [[REDIRECT_URI], 'approved'],
    );
    const key = String(less.body['registration_access_token']);
    const evil = ['https://evil.example/cb'];
    const more = await send('PUT', at, key, { ...base, client_name: 'Your bank', redirect_uris: evil });
    assert.equal(more.status, 200);
    assert.deepEqual(
      [more.body['redirect_uris'], more.body['client_name'], more.body['registration_status']],
      [[REDIRECT_URI], 'Planner', 'change_pending'],
    );
    assert.deepEqual(more.body['metadata_waiting_for_approval'], ['client_name', 'redirect_uris']);
    const waiting = (await listWaiting(context, { limit: 100 })).registrations.find(
      ({ client: { id } }) => id === clientId,
    );
    assert.deepEqual(waiting?.metadata['redirect_uris'], evil);
    const seen = waiting?.registration.version ?? 0;
    // What was looked at is not what is approved, if the client changes it in between.
    const newest = String(more.body['registration_access_token']);
    const swapped = await send('PUT', at, newest, { ...base, redirect_uris: ['https://evil.example/2'] });
    assert.equal(swapped.status, 200);
    assert.equal((await approveRegistration(context, { clientId, seen })).outcome, 'invalid');
    assert.deepEqual(await refuseRegistration(context, { clientId, seen: seen + 1 }), { outcome: 'refused' });
    const { client: kept } = await deployment.store.readClient(clientId);
    assert.deepEqual([kept?.redirectUris, kept?.disabledAtMs], [[REDIRECT_URI], undefined]);
    const last = String(swapped.body['registration_access_token']);
    await send('PUT', at, last, { ...base, redirect_uris: [OTHER] });
    await approve(clientId);
    assert.deepEqual((await deployment.store.readClient(clientId)).client?.redirectUris, [OTHER]);
  });

  test('takes nothing back that an operator made stricter, without approval', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const metadata = {
      redirect_uris: [REDIRECT_URI],
      client_name: 'Planner',
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: ['authorization_code', 'client_credentials'],
      jwks: { keys: [await exportJWK(publicKey)] },
      scope: 'read_odometer read_vin',
    };
    const { at, token, clientId } = await register(metadata);
    await approve(clientId);
    const policy = { profile: 'fapi2', senderConstraint: 'dpop', clientCredentialsScope: 'read_vin' };
    const stricter = await changeClient(context, clientId, { policy });
    assert.equal(stricter.outcome, 'changed', JSON.stringify(stricter));
    const update = await send('PUT', at, token, {
      ...metadata,
      client_id: clientId,
      dpop_bound_access_tokens: true,
    });
    assert.deepEqual(update.body['metadata_waiting_for_approval'], ['scope']);
    const stored = async () => {
      const { client: { policy: now } = assert.fail() } = await deployment.store.readClient(clientId);
      return [now.profile, now.clientCredentialsScope];
    };
    assert.deepEqual(await stored(), ['fapi2', 'read_vin']);
    // What an operator approves is what was asked for: metadata have no word for the profile.
    await approve(clientId);
    assert.deepEqual(await stored(), ['fapi2', 'read_odometer read_vin']);
  });

  test('cannot choose what the server decides', async () => {
    const { at, token, clientId, secret } = await register();
    const update = { client_id: clientId, redirect_uris: [REDIRECT_URI], client_name: 'Planner' };
    for (const more of [
      { registration_access_token: token },
      { client_id: 'other' },
      { client_secret: 'mine' },
      { token_endpoint_auth_method: 'none' },
      { software_statement: 'e30.e30.' },
    ]) {
      const refused = await send('PUT', at, token, { ...update, ...more });
      assert.equal(refused.status, 400, JSON.stringify(more));
    }
    assert.equal((await send('PUT', at, token, { ...update, client_secret: secret })).status, 200);
  });

  test('ends it: without grants it is gone, with grants its tokens are dead and the records stay', async () => {
    const gone = await register();
    assert.equal((await send('DELETE', gone.at, gone.token)).status, 204);
    assert.equal((await send('GET', gone.at, gone.token)).status, 401);
    assert.equal((await deployment.store.readClient(gone.clientId)).client, undefined);
    const token = await makeToken({ isApproved: true });
    const { at, token: key, clientId, secret } = await register({ scope: 'read_odometer' }, token);
    await letSimulated(clientId);
    const verifier = client.randomPKCECodeVerifier();
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: REDIRECT_URI,
      scope: 'read_odometer',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const back = await agree(new URL(`${url}/authorize?${query.toString()}`));
    const ask = async (fields: Record<string, string>) => {
      const body = new URLSearchParams({ client_id: clientId, client_secret: secret, ...fields });
      const response = await fetch(`${url}/token`, { method: 'POST', body });
      return { status: response.status, body: (await response.json()) as Json };
    };
    const redeemed = await ask({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: REDIRECT_URI,
      code_verifier: verifier,
    });
    assert.equal(redeemed.status, 200, JSON.stringify(redeemed.body));
    assert.equal((await send('DELETE', at, key)).status, 204);
    const refreshed = await ask({
      grant_type: 'refresh_token',
      refresh_token: String(redeemed.body['refresh_token']),
    });
    assert.deepEqual([refreshed.status, refreshed.body['error']], [401, 'invalid_client']);
    assert.equal((await deployment.store.listGrants({ clientId, limit: 10 })).length, 1);
    assert.equal((await send('GET', at, key)).status, 401);
  });
});

test('an operator who refuses a new client removes it', async () => {
  const { clientId } = await register();
  assert.deepEqual(await refuseRegistration(context, { clientId, seen: 1 }), { outcome: 'refused' });
  assert.equal((await deployment.store.readClient(clientId)).client, undefined);
  assert.deepEqual(await approveRegistration(context, { clientId, seen: 1 }), { outcome: 'unknown' });
});

test('guesses of a registration token are throttled by address, and the right one gets through', async (t) => {
  const strict = await openConnectTrial(t, {
    clientRegistration: true,
    authenticationFailuresPerAddressMax: 3,
  });
  const statuses: number[] = [];
  for (let guess = 0; guess < 5; guess++)
    statuses.push((await send('POST', `${strict.url}/oauth/register`, `kfi_${'B'.repeat(43)}`, {})).status);
  assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
  const made = await makeRegistrationToken(
    { ...strict.deployment },
    { name: '', dialect: 'oauth', uses: 1, expiresInSeconds: 60 },
  );
  assert.ok(made.outcome === 'made');
  const sent = { redirect_uris: [REDIRECT_URI] };
  assert.equal((await send('POST', `${strict.url}/oauth/register`, made.text, sent)).status, 201);
});

test('where registration is off, nothing is there and metadata name no endpoint', async (t) => {
  const off = await openConnectTrial(t, {});
  assert.equal((await send('POST', `${off.url}/oauth/register`, `kfi_${'A'.repeat(43)}`, {})).status, 404);
  const metadata = await fetch(`${off.url}/.well-known/oauth-authorization-server`);
  assert.equal(((await metadata.json()) as Json)['registration_endpoint'], undefined);
});

test('log events of registrations carry no token', () => {
  const written = JSON.stringify(trial.events);
  assert.match(written, /registration\.received/);
  assert.match(written, /registration\.changed/);
  assert.match(written, /registration\.ended/);
  assert.doesNotMatch(written, /kf[ir]_/);
});
