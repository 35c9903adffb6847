import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createDpopKey } from '../support/dpop-key.ts';
import type { ProofOptions } from '../support/dpop-key.ts';
import { openConnectTrial } from './connect-trial.ts';
import { pushingAppOf, registerKeyed } from './pushing-app.ts';

const trial = await openConnectTrial({ after });
const { url } = trial;
const { agree, postProved, push, pushed, pushForm, redeem, redeemForm, refresh, sendProved } =
  pushingAppOf(trial);
const app = await registerKeyed(trial);
const otherApp = await registerKeyed(trial);
const newKey = () => createDpopKey(() => Math.floor((Date.now() + trial.ahead) / 1000));

describe('A pushed request with a proof', () => {
  test('binds its code to the key, with the parameter and without', async () => {
    const [key, thief] = [newKey(), newKey()];
    for (const fields of [{}, { dpop_jkt: key.thumbprint }]) {
      const { response, body } = await postProved('/oauth/par', () => pushForm(app, fields), key);
      assert.deepEqual([response.status, response.headers.has('dpop-nonce')], [201, true]);
      const code = await agree(app, String(body['request_uri']));
      assert.equal((await redeem(app, code))[1]['error'], 'invalid_grant');
      assert.equal(
        (await postProved('/token', () => redeemForm(app, code), thief)).body['error'],
        'invalid_grant',
      );
      assert.equal((await postProved('/token', () => redeemForm(app, code), key)).body['token_type'], 'DPoP');
    }
  });

  test('is refused where the parameter names another key, or the proof is wrong', async () => {
    const other = () => pushForm(app, { dpop_jkt: newKey().thumbprint });
    const { response, body } = await postProved('/oauth/par', other, newKey());
    assert.deepEqual([response.status, body['error']], [400, 'invalid_dpop_proof']);
    const elsewhere = newKey();
    const key = {
      ...elsewhere,
      prove: (_: string, more?: ProofOptions) => elsewhere.prove(`${url}/token`, more),
    };
    const wrong = await postProved('/oauth/par', () => pushForm(app), key);
    assert.deepEqual([wrong.response.status, wrong.body['error']], [400, 'invalid_dpop_proof']);
  });

  test('may come with its assertion again once the server has asked for a nonce, and then no more', async () => {
    const [key, form] = [newKey(), pushForm(app)];
    const asked = await sendProved('/oauth/par', form, key);
    assert.equal(asked.body['error'], 'use_dpop_nonce');
    const nonce = asked.response.headers.get('dpop-nonce') ?? assert.fail();
    assert.equal((await sendProved('/oauth/par', form, key, nonce)).response.status, 201);
    assert.equal((await sendProved('/oauth/par', form, key, nonce)).body['error'], 'invalid_client');
  });
});

test('a token request may come with its assertion again once the server has asked for a nonce', async () => {
  const [key, code] = [newKey(), await agree(app, await pushed(app))];
  const form = redeemForm(app, code);
  const asked = await sendProved('/token', form, key);
  assert.equal(asked.body['error'], 'use_dpop_nonce');
  const nonce = asked.response.headers.get('dpop-nonce') ?? assert.fail();
  assert.equal((await sendProved('/token', form, key, nonce)).body['token_type'], 'DPoP');
  assert.equal((await sendProved('/token', form, key, nonce)).body['error'], 'invalid_client');
});

describe('FAPI 2.0', () => {
  test('a request names its redirect URI', async () => {
    const profiled = await registerKeyed(trial, { profile: 'fapi2' });
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
    const profiled = await registerKeyed(trial, { profile: 'fapi2' });
    for (const [afterMs, error] of [
      [58_000, undefined],
      [60_000, 'invalid_grant'],
    ] as const) {
      const code = await agree(profiled, await pushed(profiled, { scope: 'read_vin read_odometer' }));
      trial.ahead += afterMs;
      const { body } = await postProved('/token', () => redeemForm(profiled, code), newKey());
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
