import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { registrationOf, sealRefreshToken, uuidV4Shape } from '@keyfob/server/tokens';
import { createResourceTrial } from './resource-trial.ts';
import type { Answer, KnownClient, ResourceTrial } from './resource-trial.ts';

const PATH = '/oauth/revoke';

const revoke = (trial: ResourceTrial, by: KnownClient, token: string, hint?: string): Promise<Answer> =>
  trial.post(PATH, { token, ...(hint === undefined ? {} : { token_type_hint: hint }) }, by);

const assertDone = (answer: Answer): void => {
  assert.deepEqual([answer.status, answer.text], [200, '']);
  assert.equal(answer.headers['Content-Type'], undefined);
  assert.equal(answer.headers['Cache-Control'], 'no-store');
};

describe('Revocation', () => {
  for (const dialect of ['smartcar', 'pleos'] as const) {
    test(`by a refresh token of any generation revokes the grant of a ${dialect} client, once`, async () => {
      for (const which of ['first', 'current', 'ahead'] as const) {
        const trial = createResourceTrial();
        const owner = await trial.register(dialect);
        const { refreshToken, grant } = await trial.grant(owner);
        const backup = trial.memory.snapshot();
        const next = (await trial.refresh(owner, refreshToken)).body;
        const successor = String(next['refresh_token'] ?? (next['data'] as typeof next)['refreshToken']);
        if (which === 'ahead') trial.memory.load(backup);
        const token = which === 'first' ? refreshToken : successor;
        trial.events.length = 0;
        for (const hint of ['access_token', undefined]) assertDone(await revoke(trial, owner, token, hint));
        const atMs = trial.nowSeconds() * 1000;
        assert.deepEqual(trial.memory.peek(grant.id)?.revocation, { atMs, cause: 'client' });
        const [event, ...others] = trial.events;
        assert.deepEqual(others, []);
        assert.ok(event?.event === 'grant.revoked' && event.cause === 'client');
        const grantEvents = await trial.memory.listGrantEvents({ after: 0, limit: 9 });
        assert.deepEqual(
          grantEvents.map(({ kind, cause, requestId }) => [kind, cause, requestId]),
          [
            ['grant.created', undefined, undefined],
            ['grant.revoked', 'client', event.requestId],
          ],
        );
        assert.notEqual((await trial.refresh(owner, token)).status, 200);
      }
    });
  }

  test('by a token of a stolen key revokes only where the token would still be exchanged', async () => {
    const trial = createResourceTrial();
    const owner = await trial.register('smartcar');
    const stolen = trial.context.keyRing.seal.active;
    for (const key of trial.context.keyRing.keys) await trial.memory.registerKey(registrationOf(key));
    const { refreshToken, grant } = await trial.grant(owner);
    await trial.rotateKeys();
    const atMs = trial.nowSeconds() * 1000;
    const withdrawal = { state: 'compromised', atMs, opensUntilMs: atMs + 1e9 } as const;
    assert.equal(await trial.memory.withdrawKey(stolen.number, withdrawal), 'withdrawn');
    await trial.refresh(owner, refreshToken);
    for (const generation of [0, 2, 4_000_000]) {
      const forged = sealRefreshToken(stolen, uuidV4Shape, grant.id, generation);
      trial.advanceSeconds(3600);
      assertDone(await revoke(trial, owner, forged));
      assert.equal(trial.memory.peek(grant.id)?.revocation, undefined, `generation ${generation}`);
    }
  });

  test('gives the same response for tokens that are dead, unknown, malformed or of another client', async () => {
    const trial = createResourceTrial();
    const owner = await trial.register('smartcar');
    const other = await trial.register('smartcar');
    const pleos = await trial.register('pleos');
    const { refreshToken, accessToken, grant } = await trial.grant(owner);
    const dead = await trial.grant(owner);
    trial.advanceSeconds(7200);
    await trial.memory.revoke(dead.grant.id, { nowMs: trial.nowSeconds() * 1000, cause: 'owner' });
    for (const token of [
      dead.refreshToken,
      dead.accessToken,
      'x',
      '3e565aed-d4b2-4296-9b4c-aec35825a6aa',
      'a.b.c',
    ])
      assertDone(await revoke(trial, owner, token));
    for (const token of [refreshToken, accessToken])
      for (const by of [other, pleos]) assertDone(await revoke(trial, by, token));
    assert.equal(trial.memory.peek(grant.id)?.revocation, undefined);
    assert.equal(trial.memory.peek(dead.grant.id)?.revocation?.cause, 'owner');
    // The operator sees what the client does not. A Pleos client cannot present a token of Smartcar's form.
    assert.deepEqual(
      trial.events.map((event) => [event.event, 'clientId' in event && event.clientId]),
      [['revocation.refused', other.client.id]],
    );
  });

  test('refuses an active access token, opaque or JWT, and does not change its grant', async () => {
    for (const dialect of ['smartcar', 'pleos'] as const)
      for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
        const trial = createResourceTrial();
        const owner = await trial.register(dialect, { policy: { accessTokenFormat } });
        const { accessToken, grant } = await trial.grant(owner);
        for (const hint of ['access_token', 'refresh_token', undefined]) {
          const answer = await revoke(trial, owner, accessToken, hint);
          assert.deepEqual([answer.status, answer.body['error']], [400, 'unsupported_token_type']);
        }
        assertDone(await revoke(trial, await trial.register(dialect), accessToken));
        assert.equal(trial.memory.peek(grant.id)?.revocation, undefined);
        trial.advanceSeconds(owner.client.policy.accessTokenLifetimeSeconds);
        assertDone(await revoke(trial, owner, accessToken));
      }
  });

  test('of a wire that ends grants at its token endpoint takes an access token, of its own client only', async () => {
    for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
      const trial = createResourceTrial();
      const path = '/api/v1/user/oauth2/token';
      const owner = await trial.register('ccapi', { policy: { accessTokenFormat } });
      const { accessToken, refreshToken, grant } = await trial.grant(owner);
      const end = (by: KnownClient): Promise<Answer> =>
        trial.post(path, { grant_type: 'delete', access_token: accessToken }, by);
      const refused = await end(await trial.register('ccapi'));
      assert.deepEqual([refused.status, refused.body['errCode']], [401, '4011']);
      assert.equal(trial.memory.peek(grant.id)?.revocation, undefined);
      assert.deepEqual((await end(owner)).body, {});
      assert.equal(trial.memory.peek(grant.id)?.revocation?.cause, 'client');
      const refresh = { grant_type: 'refresh_token', refresh_token: refreshToken };
      assert.equal((await trial.post(path, refresh, owner)).body['errCode'], '4003');
      // A second one learns that the token is dead.
      assert.equal((await end(owner)).body['errCode'], '4011');
    }
  });

  test('accepts a public client with only its id, and no other client without a secret', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { type: 'public', policy: { rotation: 'strict' } });
    const { refreshToken, grant } = await trial.grant(app);
    assertDone(await trial.post(PATH, { token: refreshToken, client_id: app.client.id }));
    assert.equal(trial.memory.peek(grant.id)?.revocation?.cause, 'client');
    const owner = await trial.register('smartcar');
    const { refreshToken: token } = await trial.grant(owner);
    for (const answer of [
      await trial.post(PATH, { token }),
      await trial.post(PATH, { token, client_id: owner.client.id }),
      await trial.post(PATH, { token }, { ...owner, secret: 'wrong' }),
    ])
      assert.deepEqual([answer.status, answer.body['error']], [401, 'invalid_client']);
    const missing = await trial.post(PATH, {}, owner);
    assert.deepEqual([missing.status, missing.body['error']], [400, 'invalid_request']);
  });

  test('is not confirmed while the store is unavailable or loses its result, and may be retried', async () => {
    for (const storeFault of ['unavailable', 'outcome_unknown'] as const) {
      const trial = createResourceTrial();
      const owner = await trial.register('smartcar');
      const { refreshToken, grant } = await trial.grant(owner);
      trial.setStore(storeFault);
      const answer = await revoke(trial, owner, refreshToken);
      assert.deepEqual([answer.status, answer.headers['Retry-After']], [503, '2']);
      trial.setStore('available');
      assertDone(await revoke(trial, owner, refreshToken));
      assert.equal(trial.memory.peek(grant.id)?.revocation?.cause, 'client');
    }
  });

  test('of a token whose key is missing in the key ring gives 503, not a confirmation', async () => {
    const trial = createResourceTrial();
    const owner = await trial.register('smartcar');
    const { refreshToken } = await trial.grant(owner);
    await trial.rotateKeys({ isMissing: true });
    assert.equal((await revoke(trial, owner, '3e565aed-d4b2-4296-9b4c-aec35825a6aa')).status, 503);
    assertDone(await revoke(trial, owner, 'no-token'));
    assertDone(await revoke(trial, owner, refreshToken));
  });
});
