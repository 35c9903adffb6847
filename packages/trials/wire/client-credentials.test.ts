import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { readAccess } from '@keyfob/server';
import type { Policy } from '@keyfob/server/clients';
import { registrationOf, sealTokenId, signAccessJwt, uuidV4Shape } from '@keyfob/server/tokens';
import { createResourceTrial, ISSUER } from './resource-trial.ts';
import type { Answer, KnownClient, ResourceTrial } from './resource-trial.ts';

const PATH = '/oauth2/token';
/** The token endpoint that metadata names. */
const DISCOVERED_PATH = '/oauth/token';
const GRANT = { grant_type: 'client_credentials' };
const ALLOWED: Partial<Policy> = { clientCredentials: true };
const UNKNOWN = '3e565aed-d4b2-4296-9b4c-aec35825a6aa';

const requestToken = (trial: ResourceTrial, by: KnownClient, form: Readonly<Record<string, string>> = {}) =>
  trial.post(PATH, { ...GRANT, ...form }, by);

const assertRefused = (answer: Answer, status: number, error: string): void => {
  assert.deepEqual([answer.status, answer.body['error']], [status, error]);
};

describe('Client credentials', () => {
  for (const [dialect, path] of [
    ['smartcar', PATH],
    ['pleos', PATH],
    ['smartcar', DISCOVERED_PATH],
    ['pleos', DISCOVERED_PATH],
  ] as const) {
    test(`give a ${dialect} client a JWT of its own and no refresh token at ${path}`, async () => {
      const trial = createResourceTrial();
      const app = await trial.register(dialect, { policy: ALLOWED });
      const answer = await trial.post(path, GRANT, app);
      const { access_token: token, ...rest } = answer.body;
      const lifetime = app.client.policy.accessTokenLifetimeSeconds;
      assert.equal(answer.status, 200);
      assert.deepEqual(rest, { token_type: 'Bearer', expires_in: lifetime });
      assert.equal(answer.headers['Cache-Control'], 'no-store');
      const { jti, ...claims } = decodeJwt(String(token));
      const iat = trial.nowSeconds();
      const { id } = app.client;
      assert.deepEqual(claims, {
        iss: ISSUER,
        sub: id,
        aud: ISSUER,
        client_id: id,
        iat,
        exp: iat + lifetime,
      });
      assert.equal(decodeProtectedHeader(String(token)).typ, 'at+jwt');
      assert.equal(typeof jti, 'string');
      assert.deepEqual(
        trial.events.map(({ event }) => event),
        ['client_token.issued'],
      );
    });
  }

  test('give a token that a jump of the clock ends: its client gets another one', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: ALLOWED });
    const token = String((await requestToken(trial, app)).body['access_token']);
    trial.jumpSeconds(app.client.policy.accessTokenLifetimeSeconds);
    assert.deepEqual((await trial.post('/oauth/introspect', { token }, app)).body, { active: false });
    assert.equal((await requestToken(trial, app)).status, 200);
  });

  test('give a token without an owner, which is active until it expires or its client is disabled', async () => {
    const trial = createResourceTrial();
    const audience = 'https://api.example';
    const app = await trial.register('smartcar', {
      policy: { ...ALLOWED, clientCredentialsScope: 'fleet:read', audience },
    });
    const checker = await trial.register('smartcar', { type: 'resource-server', policy: { audience } });
    const other = await trial.register('smartcar');
    const token = String((await requestToken(trial, app)).body['access_token']);
    const introspect = async (by: KnownClient) => (await trial.post('/oauth/introspect', { token }, by)).body;
    const { jti, exp, iat, ...rest } = await introspect(checker);
    const { id } = app.client;
    const known = { active: true, client_id: id, sub: id, token_type: 'Bearer' };
    assert.deepEqual(rest, { ...known, scope: 'fleet:read', iss: ISSUER, aud: audience });
    assert.deepEqual([typeof jti, Number(exp) - Number(iat)], ['string', 7200]);
    assert.equal((await introspect(app))['active'], true);
    assert.deepEqual(await introspect(other), { active: false });
    assert.equal(await readAccess(trial.context, uuidV4Shape, token), undefined);
    assertRefused(await trial.post('/oauth/revoke', { token }, app), 400, 'unsupported_token_type');
    for (const [change, isActive] of [
      [{ disabledAtMs: trial.context.clock() }, false],
      [{ disabledAtMs: null }, true],
      [{ policy: { clientCredentials: false } }, false],
      [{ policy: { clientCredentials: true } }, true],
    ] as const) {
      await trial.memory.changeClient(id, change);
      assert.equal((await introspect(checker))['active'], isActive);
    }
    await trial.memory.changeClient(id, { policy: { clientCredentialsScope: 'fleet:write' } });
    assert.equal((await introspect(checker))['scope'], '');
    trial.advanceSeconds(7200);
    assert.deepEqual(await introspect(checker), { active: false });
    trial.advanceSeconds(-7200);
    await trial.memory.removeClient(id, { withGrants: true });
    assert.deepEqual(await introspect(checker), { active: false });
  });

  test('that says it lives for longer than the policy allows is active for as long as the policy allows', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: ALLOWED });
    const { id } = app.client;
    const { active: key } = trial.context.keyRing.sign;
    const iat = trial.nowSeconds();
    // As a thief of the key would make it.
    const token = await signAccessJwt(key, {
      iss: ISSUER,
      sub: id,
      aud: ISSUER,
      client_id: id,
      scope: '',
      iat,
      exp: iat + 365 * 86_400,
      jti: sealTokenId(key, { kind: 'client', issuedAt: iat, serial: 0 }),
    });
    const introspect = async () => (await trial.post('/oauth/introspect', { token }, app)).body;
    const { active, exp } = await introspect();
    assert.deepEqual([active, exp], [true, iat + 7200]);
    trial.advanceSeconds(7200);
    assert.deepEqual(await introspect(), { active: false });
  });

  test('give a token that is inactive once its key is compromised, and whose key is published no more', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: ALLOWED });
    const token = String((await requestToken(trial, app)).body['access_token']);
    const isActive = async () => (await trial.post('/oauth/introspect', { token }, app)).body['active'];
    const publishedKeys = async () =>
      ((await trial.get('/.well-known/jwks.json')).body['keys'] as unknown[]).length;
    for (const key of trial.context.keyRing.keys) await trial.memory.registerKey(registrationOf(key));
    assert.deepEqual([await isActive(), await publishedKeys()], [true, 1]);
    const { number } = trial.context.keyRing.sign.active;
    await trial.rotateKeys();
    assert.deepEqual([await isActive(), await publishedKeys()], [true, 2]);
    const atMs = trial.context.clock();
    const withdrawal = { state: 'compromised', atMs, opensUntilMs: atMs + 1e9 } as const;
    assert.equal(await trial.memory.withdrawKey(number, withdrawal), 'withdrawn');
    assert.deepEqual([await isActive(), await publishedKeys()], [false, 1]);
    const next = String((await requestToken(trial, app)).body['access_token']);
    assert.equal((await trial.post('/oauth/introspect', { token: next }, app)).body['active'], true);
  });

  /** The allowed scope, the requested scope, the granted scope (`undefined` for a refusal) and the `scope` in the response. */
  const SCOPES: readonly (readonly [
    string | undefined,
    string | undefined,
    string | undefined,
    (string | undefined)?,
  ])[] = [
    [undefined, undefined, '', undefined],
    ['a b', undefined, 'a b', 'a b'],
    ['a b', 'b', 'b', undefined],
    ['a b', 'b a', 'b a', undefined],
    ['a b', 'c', undefined],
    ['a b', 'a c', undefined],
    [undefined, 'a', undefined],
    ['', 'a', undefined],
    ['a b', 'a  b', undefined],
    ['a b', 'a"', undefined],
    ['a b', 'a\nb', undefined],
  ];

  for (const [allowed, asked, granted, reported] of SCOPES) {
    const get = granted === undefined ? 'is refused' : `gets ${JSON.stringify(granted)}`;
    test(`a client with the allowed scope ${allowed ?? 'none'} that requests ${JSON.stringify(asked) ?? 'none'} ${get}`, async () => {
      const trial = createResourceTrial();
      const app = await trial.register('smartcar', {
        policy: { ...ALLOWED, clientCredentialsScope: allowed },
      });
      const answer = await requestToken(trial, app, asked === undefined ? {} : { scope: asked });
      if (granted === undefined) return assertRefused(answer, 400, 'invalid_scope');
      assert.equal(answer.body['scope'], reported);
      assert.equal(decodeJwt(String(answer.body['access_token']))['scope'] ?? '', granted);
    });
  }

  /** Requests with a further fault: the authentication failure is reported first. */
  const NOT_AUTHENTICATED: readonly (readonly [name: string, form: Readonly<Record<string, string>>])[] = [
    ['no grant_type', {}],
    ['an unsupported grant_type', { grant_type: 'refresh_token' }],
    ['a malformed scope', { ...GRANT, scope: 'a"' }],
  ];
  for (const [name, form] of NOT_AUTHENTICATED)
    test(`a wrong secret is reported before ${name}`, async () => {
      const trial = createResourceTrial();
      const app = await trial.register('smartcar', { policy: ALLOWED });
      assertRefused(await trial.post(PATH, form, { ...app, secret: 'wrong' }), 401, 'invalid_client');
    });

  test('name what the endpoint supports, and how to authenticate', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: ALLOWED });
    const readDescription = async (...request: Parameters<typeof trial.post>) =>
      (await trial.post(...request)).body['error_description'];
    assert.equal(
      await readDescription(PATH, { grant_type: 'password' }, app),
      'grant_type must be client_credentials.',
    );
    for (const path of [PATH, '/oauth/introspect', '/oauth/revoke'])
      assert.equal(
        await readDescription(path, GRANT),
        'Client authentication failed. Send client_id and client_secret by HTTP Basic or in the body.',
        path,
      );
  });

  test('require a client that may use them, authenticates and requests only them', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: ALLOWED });
    const plain = await trial.register('smartcar');
    const checker = await trial.register('smartcar', { type: 'resource-server', policy: ALLOWED });
    const publicApp = await trial.register('smartcar', { type: 'public' });
    const { id } = app.client;
    assertRefused(await requestToken(trial, plain), 400, 'unauthorized_client');
    assertRefused(await requestToken(trial, checker), 400, 'unauthorized_client');
    assertRefused(await requestToken(trial, { ...app, secret: 'wrong' }), 401, 'invalid_client');
    assertRefused(await trial.post(PATH, GRANT), 401, 'invalid_client');
    assertRefused(
      await trial.post(PATH, { ...GRANT, client_id: publicApp.client.id }),
      401,
      'invalid_client',
    );
    assertRefused(await trial.post(PATH, {}, app), 400, 'invalid_request');
    const refresh = { grant_type: 'refresh_token', refresh_token: UNKNOWN };
    assertRefused(await trial.post(PATH, refresh, app), 400, 'unsupported_grant_type');
    const inForm = { ...GRANT, client_id: id, client_secret: app.secret };
    assert.equal((await trial.post(PATH, inForm)).status, 200);
    assertRefused(await trial.post(PATH, inForm, app), 400, 'invalid_request');
    assertRefused(await trial.post(DISCOVERED_PATH, GRANT, plain), 400, 'unauthorized_client');
    assertRefused(
      await trial.post(DISCOVERED_PATH, GRANT, { ...app, secret: 'wrong' }),
      401,
      'invalid_client',
    );
    await trial.memory.changeClient(id, { disabledAtMs: trial.context.clock() });
    assertRefused(await requestToken(trial, app), 401, 'invalid_client');
  });

  test('are the only grant type for which the endpoint of metadata serves clients of another dialect', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('pleos', { policy: ALLOWED });
    const refresh = { grant_type: 'refresh_token', refresh_token: UNKNOWN };
    assertRefused(await trial.post(DISCOVERED_PATH, refresh, app), 401, 'invalid_client');
  });

  test('get 503 while the store is unavailable', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: ALLOWED });
    trial.setStore('unavailable');
    assert.equal((await requestToken(trial, app)).status, 503);
  });
});
