import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClientKeys } from '@keyfob/server/clients';
import { assertionFields, makeClientKey, signAssertion } from '../support/assertion.ts';
import { createDpopKey } from '../support/dpop-key.ts';
import type { DpopKey, ProofOptions } from '../support/dpop-key.ts';
import { createResourceTrial, ISSUER } from './resource-trial.ts';
import type { Answer, KnownClient } from './resource-trial.ts';

const trial = createResourceTrial();
const newKey = (): DpopKey => createDpopKey(trial.nowSeconds);
const TOKEN = '/oauth/token';

type Sending = ProofOptions & { readonly path?: string; readonly proof?: string };

const post = (
  form: Readonly<Record<string, string>>,
  by: KnownClient,
  proof: string | undefined,
  path = TOKEN,
): Promise<Answer> =>
  by.client.type === 'public'
    ? trial.post(
        path,
        { client_id: by.client.id, ...form },
        undefined,
        proof === undefined ? {} : { dpop: proof },
      )
    : trial.post(path, form, by, proof === undefined ? {} : { dpop: proof });

/** Sends a form with a proof, and again with the nonce that the server asks for. */
const postProved = async (
  form: Readonly<Record<string, string>>,
  by: KnownClient,
  key: DpopKey,
  { path = TOKEN, proof, ...options }: Sending = {},
): Promise<Answer> => {
  const first = await post(form, by, key.prove(`${ISSUER}${path}`), path);
  assert.deepEqual([first.status, first.body['error']], [400, 'use_dpop_nonce']);
  const nonce = first.headers['DPoP-Nonce'];
  return post(form, by, proof ?? key.prove(`${ISSUER}${path}`, { nonce, ...options }), path);
};

const refreshForm = (token: unknown) => ({ grant_type: 'refresh_token', refresh_token: String(token) });
const refused = ({ status, body }: Answer) => [status, body['error']];

const introspect = async (token: unknown, by: KnownClient) =>
  (await trial.post('/oauth/introspect', { token: String(token) }, by)).body;

for (const [dialect, path] of [
  ['smartcar', TOKEN],
  ['oauth', '/token'],
] as const)
  for (const accessTokenFormat of ['opaque', 'jwt'] as const)
    describe(`a client of ${dialect} that sends proofs, with access tokens as ${accessTokenFormat}`, () => {
      test('gets tokens bound to its key, and a nonce for the next proof', async () => {
        const by = await trial.register(dialect, { policy: { accessTokenFormat, requireUserAgent: false } });
        const { refreshToken } = await trial.grant(by);
        const key = newKey();
        const answer = await postProved(refreshForm(refreshToken), by, key, { path });
        assert.equal(answer.status, 200);
        assert.equal(answer.body['token_type'], 'DPoP');
        const found = await introspect(answer.body['access_token'], by);
        assert.deepEqual(
          [found['active'], found['token_type'], found['cnf']],
          [true, 'DPoP', { jkt: key.thumbprint }],
        );
        const nonce = answer.headers['DPoP-Nonce'];
        const again = await post(
          refreshForm(answer.body['refresh_token']),
          by,
          key.prove(`${ISSUER}${path}`, { nonce }),
          path,
        );
        assert.equal(again.status, 200);
      });

      test('may change its key, because it authenticates', async () => {
        const by = await trial.register(dialect, { policy: { accessTokenFormat, requireUserAgent: false } });
        const { refreshToken } = await trial.grant(by);
        const first = await postProved(refreshForm(refreshToken), by, newKey(), { path });
        const other = newKey();
        const second = await postProved(refreshForm(first.body['refresh_token']), by, other, { path });
        assert.deepEqual((await introspect(second.body['access_token'], by))['cnf'], {
          jkt: other.thumbprint,
        });
      });

      test('repeats a refresh whose answer was lost, with a new proof, and gets the same refresh token', async () => {
        const by = await trial.register(dialect, { policy: { accessTokenFormat, requireUserAgent: false } });
        const { refreshToken } = await trial.grant(by);
        const key = newKey();
        const lost = await postProved(refreshForm(refreshToken), by, key, { path });
        const repeated = await postProved(refreshForm(refreshToken), by, key, { path });
        assert.equal(repeated.status, 200);
        assert.equal(repeated.body['refresh_token'], lost.body['refresh_token']);
      });

      test('has a public client, whose refresh tokens are bound too', async () => {
        const by = await trial.register(dialect, {
          type: 'public',
          policy: { accessTokenFormat, rotation: 'overlap', requireUserAgent: false },
        });
        const { refreshToken } = await trial.grant(by);
        const key = newKey();
        const first = await postProved(refreshForm(refreshToken), by, key, { path });
        const bound = first.body['refresh_token'];
        assert.match(String(bound), /~k/);
        assert.deepEqual(refused(await post(refreshForm(bound), by, undefined, path)), [
          400,
          'invalid_request',
        ]);
        assert.deepEqual(refused(await postProved(refreshForm(bound), by, newKey(), { path })), [
          400,
          'invalid_dpop_proof',
        ]);
        const plain = String(bound).split('~')[0];
        assert.equal((await post(refreshForm(plain), by, undefined, path)).status, 400);
        // Nothing of that has harmed the grant.
        const second = await postProved(refreshForm(bound), by, key, { path });
        assert.equal(second.status, 200);
        const repeated = await postProved(refreshForm(bound), by, key, { path });
        assert.equal(repeated.body['refresh_token'], second.body['refresh_token']);
        await post({ token: String(second.body['refresh_token']) }, by, undefined, '/oauth/revoke');
        assert.equal(
          (await postProved(refreshForm(second.body['refresh_token']), by, key, { path })).status,
          400,
        );
      });
    });

describe('a proof at the token endpoint', () => {
  /** A good refresh but for its proof, and the same refresh afterwards. */
  const refuses = async (sending: Sending, error = 'invalid_dpop_proof'): Promise<Answer> => {
    const by = await trial.register('smartcar');
    const { refreshToken } = await trial.grant(by);
    const key = newKey();
    const answer = await postProved(refreshForm(refreshToken), by, key, sending);
    assert.deepEqual(refused(answer), [400, error]);
    assert.equal((await postProved(refreshForm(refreshToken), by, key)).status, 200);
    return answer;
  };

  const CASES: readonly (readonly [string, Sending])[] = [
    ['that is no JWT', { proof: 'nonsense' }],
    ['for another method', { method: 'GET' }],
    ['for another URL', { claims: { htu: `${ISSUER}/oauth/par` } }],
    ['for another host, such as the name behind a proxy', { claims: { htu: `http://127.0.0.1${TOKEN}` } }],
    ['that is too old', { claims: { iat: trial.nowSeconds() - 3600 } }],
    ['from the future', { claims: { iat: trial.nowSeconds() + 3600 } }],
    ['without an id', { claims: { jti: undefined } }],
  ];
  for (const [name, sending] of CASES)
    test(`is refused ${name}, and the grant stays`, async () => void (await refuses(sending)));

  test('is refused with a nonce of long ago, and answered with a fresh one', async () => {
    const by = await trial.register('smartcar');
    const { refreshToken } = await trial.grant(by);
    const key = newKey();
    const first = await post(refreshForm(refreshToken), by, key.prove(`${ISSUER}${TOKEN}`));
    const nonce = first.headers['DPoP-Nonce'];
    trial.advanceSeconds(61);
    const late = await post(refreshForm(refreshToken), by, key.prove(`${ISSUER}${TOKEN}`, { nonce }));
    assert.deepEqual(refused(late), [400, 'use_dpop_nonce']);
    assert.notEqual(late.headers['DPoP-Nonce'], nonce);
    const proof = key.prove(`${ISSUER}${TOKEN}`, { nonce: late.headers['DPoP-Nonce'] });
    assert.equal((await post(refreshForm(refreshToken), by, proof)).status, 200);
  });

  test('works once: a request that a proxy sends twice does not touch the grant', async () => {
    const by = await trial.register('smartcar', { policy: { rotation: 'strict', raceSeconds: 0 } });
    const { refreshToken, grant } = await trial.grant(by);
    const key = newKey();
    const { headers } = await post(refreshForm(refreshToken), by, key.prove(`${ISSUER}${TOKEN}`));
    const proof = key.prove(`${ISSUER}${TOKEN}`, { nonce: headers['DPoP-Nonce'] });
    const first = await post(refreshForm(refreshToken), by, proof);
    assert.equal(first.status, 200);
    const twice = await post(refreshForm(refreshToken), by, proof);
    assert.deepEqual(refused(twice), [400, 'invalid_dpop_proof']);
    assert.equal((await trial.memory.readGrant(grant.id))?.revocation, undefined);
    const { refresh_token: next } = first.body;
    assert.equal((await postProved(refreshForm(next), by, key)).status, 200);
  });

  test('has an id that only its own key uses up', async () => {
    const by = await trial.register('smartcar');
    const claims = { jti: 'the-same' };
    for (const key of [newKey(), newKey()]) {
      const { refreshToken } = await trial.grant(by);
      assert.equal((await postProved(refreshForm(refreshToken), by, key, { claims })).status, 200);
    }
  });

  test('is not looked at before the client has authenticated', async () => {
    const by = await trial.register('smartcar');
    const { refreshToken } = await trial.grant(by);
    const answer = await post(refreshForm(refreshToken), { ...by, secret: 'wrong' }, 'nonsense');
    assert.deepEqual(refused(answer), [401, 'invalid_client']);
  });

  test('meets a store that is away: an outage, and the refresh token still works', async () => {
    const by = await trial.register('smartcar');
    const { refreshToken } = await trial.grant(by);
    const key = newKey();
    const { headers } = await post(refreshForm(refreshToken), by, key.prove(`${ISSUER}${TOKEN}`));
    const proof = key.prove(`${ISSUER}${TOKEN}`, { nonce: headers['DPoP-Nonce'] });
    trial.setStore('unavailable');
    const away = await post(refreshForm(refreshToken), by, proof);
    trial.setStore('available');
    assert.equal(away.status, 503);
    assert.equal((await postProved(refreshForm(refreshToken), by, key)).status, 200);
  });
});

describe('a client whose policy wants bound tokens', () => {
  test('gets none where its wire has none', async () => {
    const by = await trial.register('pleos', { policy: { senderConstraint: 'dpop' } });
    const { refreshToken } = await trial.grant(by, { brand: 'kia' });
    assert.equal((await trial.refresh(by, refreshToken)).status, 400);
  });

  test('gets none without a proof, and keeps its grant', async () => {
    const by = await trial.register('smartcar', { policy: { senderConstraint: 'dpop' } });
    const { refreshToken, accessToken } = await trial.grant(by);
    assert.deepEqual(refused(await post(refreshForm(refreshToken), by, undefined)), [400, 'invalid_request']);
    // One from before, which any bearer could use.
    assert.deepEqual(await introspect(accessToken, by), { active: false });
    assert.equal((await postProved(refreshForm(refreshToken), by, newKey())).status, 200);
  });

  test('gets none by a key where it wants a certificate', async () => {
    const by = await trial.register('smartcar', { policy: { senderConstraint: 'mtls' } });
    const { refreshToken } = await trial.grant(by);
    const answer = await post(refreshForm(refreshToken), by, newKey().prove(`${ISSUER}${TOKEN}`));
    assert.deepEqual(refused(answer), [400, 'invalid_request']);
  });
});

test('a token for the client itself is bound, and the shared endpoint has its own URL', async () => {
  const by = await trial.register('pleos', {
    policy: { clientCredentials: true, clientCredentialsScope: 'fleet:read' },
  });
  const key = newKey();
  const answer = await postProved({ grant_type: 'client_credentials' }, by, key, { path: '/oauth2/token' });
  assert.deepEqual([answer.status, answer.body['token_type']], [200, 'DPoP']);
  const found = await introspect(answer.body['access_token'], by);
  assert.deepEqual(found['cnf'], { jkt: key.thumbprint });
});

test('while the clock is in doubt, the assertions, proofs and refresh tokens of a client with the right clock go on', async () => {
  const keys = makeClientKey('one');
  const by = await trial.register('oauth', {
    secrets: [],
    keys: { jwks: [keys.jwk] } as unknown as ClientKeys,
    policy: { clientAuthentication: 'private_key_jwt', senderConstraint: 'dpop' },
  });
  const { refreshToken } = await trial.grant(by);
  const rightSeconds = trial.nowSeconds();
  const key = createDpopKey(() => rightSeconds);
  trial.jumpSeconds(3600);
  const assertion = signAssertion(keys, by.client.id, ISSUER, { nowMs: rightSeconds * 1000 });
  const form = { ...refreshForm(refreshToken), ...assertionFields(assertion) };
  const send = (nonce?: string) =>
    trial.post('/token', form, undefined, { dpop: key.prove(`${ISSUER}/token`, { nonce }) });
  const asked = await send();
  assert.deepEqual(refused(asked), [400, 'use_dpop_nonce']);
  const answer = await send(asked.headers['DPoP-Nonce']);
  assert.deepEqual([answer.status, answer.body['token_type']], [200, 'DPoP']);
  // What was used once stays used, however old it looks.
  assert.deepEqual(refused(await send(answer.headers['DPoP-Nonce'])), [401, 'invalid_client']);
});

test('metadata names the algorithms of proofs', async () => {
  const { body } = await trial.get('/.well-known/oauth-authorization-server');
  assert.deepEqual(body['dpop_signing_alg_values_supported'], ['ES256', 'PS256', 'EdDSA', 'Ed25519']);
});
