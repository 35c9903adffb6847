import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { assertionFields, signAssertion } from '../support/assertion.ts';
import { openConnectTrial } from './connect-trial.ts';
import { formOf, pushingAppOf, registerKeyed, REQUEST } from './pushing-app.ts';
import type { Fields } from './pushing-app.ts';

const trial = await openConnectTrial({ after });
const { url } = trial;
const { agree, authenticated, post, push, pushed, redeem, refresh } = pushingAppOf(trial);
const app = await registerKeyed(trial);
const otherApp = await registerKeyed(trial);

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
    const itself = await registerKeyed(trial, {
      clientCredentials: true,
      clientCredentialsScope: 'read_vin',
    });
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
    const old = await registerKeyed(trial, { untypedAssertions: true });
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
