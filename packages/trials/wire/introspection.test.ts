import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAccess } from '@keyfob/server';
import { DIALECTS } from '@keyfob/server/dialects';
import { uuidV4Shape } from '@keyfob/server/tokens';
import { createResourceTrial, ISSUER } from './resource-trial.ts';
import type { Answer, KnownClient, ResourceTrial } from './resource-trial.ts';

const INACTIVE = '{"active":false}';
const PATH = '/oauth/introspect';

const introspect = (trial: ResourceTrial, by: KnownClient, token: string, hint?: string): Promise<Answer> =>
  trial.post(PATH, { token, ...(hint === undefined ? {} : { token_type_hint: hint }) }, by);

const assertInactive = (answer: Answer): void => {
  assert.deepEqual([answer.status, answer.text], [200, INACTIVE]);
};

const KINDS = [
  ['smartcar', 'opaque'],
  ['pleos', 'opaque'],
  ['smartcar', 'jwt'],
  ['pleos', 'jwt'],
] as const;

const open = async (dialect: 'smartcar' | 'pleos', policy: Parameters<ResourceTrial['register']>[1] = {}) => {
  const trial = createResourceTrial();
  const owner = await trial.register(dialect, policy);
  const checker = await trial.register('smartcar', { type: 'resource-server' });
  return { trial, owner, checker };
};

describe('Introspection of access tokens', () => {
  test('describes tokens of every length that their client had, whatever it has now', async () => {
    const { trial, owner, checker } = await open('pleos');
    const issued: string[] = [];
    for (const accessTokenLength of [428, 36, 255]) {
      await trial.memory.changeClient(owner.client.id, { policy: { accessTokenLength } });
      const { refreshToken } = await trial.grant(owner, { brand: 'kia' });
      const { data } = (await trial.refresh(owner, refreshToken)).body as { data: { accessToken: string } };
      assert.equal(data.accessToken.length, accessTokenLength);
      issued.push(data.accessToken);
    }
    for (const token of issued) assert.equal((await introspect(trial, checker, token)).body['active'], true);
  });

  for (const [dialect, accessTokenFormat] of KINDS) {
    const what = `${accessTokenFormat}, ${dialect} client`;
    test(`describes an active token (${what}), and reports only that it is inactive after it expires`, async () => {
      const { trial, owner, checker } = await open(dialect, { policy: { accessTokenFormat } });
      const { accessToken } = await trial.grant(owner, { brand: dialect === 'pleos' ? 'kia' : undefined });
      const iat = trial.nowSeconds();
      const lifetime = owner.client.policy.accessTokenLifetimeSeconds;
      for (const by of [checker, owner]) {
        const { status, headers, body } = await introspect(trial, by, accessToken);
        assert.equal(status, 200);
        assert.equal(headers['Cache-Control'], 'no-store');
        const { jti, aud, ...rest } = body;
        assert.deepEqual(rest, {
          active: true,
          scope: 'read_odometer read_charge',
          client_id: owner.client.id,
          token_type: 'Bearer',
          exp: iat + lifetime,
          iat,
          sub: 'owner-1',
          iss: ISSUER,
        });
        assert.equal(typeof jti, accessTokenFormat === 'jwt' ? 'string' : 'undefined');
        assert.equal(aud, ISSUER);
      }
      trial.advanceSeconds(lifetime - 1);
      assert.equal((await introspect(trial, checker, accessToken)).body['active'], true);
      trial.advanceSeconds(1);
      assertInactive(await introspect(trial, checker, accessToken));
    });

    test(`reports a token (${what}) that was cut or changed at its end as inactive`, async () => {
      const { trial, owner, checker } = await open(dialect, { policy: { accessTokenFormat } });
      const { accessToken } = await trial.grant(owner);
      const end = accessToken.at(-2) === '0' ? '1' : '0';
      for (const token of [
        accessToken.slice(0, 36),
        accessToken.slice(0, 255),
        accessToken.slice(0, -1),
        // Not the last character: that of a JWT has bits that do not count.
        `${accessToken.slice(0, -2)}${end}${accessToken.slice(-1)}`,
      ])
        if (token !== accessToken) assertInactive(await introspect(trial, checker, token));
    });

    test(`reports a token (${what}) as inactive after its grant or client ends, and after a shorter lifetime policy`, async () => {
      const { trial, owner, checker } = await open(dialect, { policy: { accessTokenFormat } });
      const { accessToken, refreshToken, grant } = await trial.grant(owner);
      const { id } = owner.client;
      await trial.memory.revoke(grant.id, { nowMs: trial.nowSeconds() * 1000, cause: 'operator' });
      for (const token of [accessToken, refreshToken])
        assertInactive(await introspect(trial, checker, token));
      await trial.memory.reinstate(grant.id, { nowMs: trial.nowSeconds() * 1000 });
      assert.equal((await introspect(trial, checker, accessToken)).body['active'], true);
      await trial.memory.changeClient(id, { disabledAtMs: trial.context.clock() });
      for (const token of [accessToken, refreshToken])
        assertInactive(await introspect(trial, checker, token));
      await trial.memory.changeClient(id, { disabledAtMs: null, policy: { accessTokenLifetimeSeconds: 60 } });
      trial.advanceSeconds(60);
      assertInactive(await introspect(trial, checker, accessToken));
      await trial.memory.removeClient(id, { withGrants: true });
      assertInactive(await introspect(trial, checker, accessToken));
    });

    test(`a token (${what}) stays active when its grant is refreshed, and another client gets no information about it`, async () => {
      const { trial, owner, checker } = await open(dialect, { policy: { accessTokenFormat } });
      const { accessToken, refreshToken } = await trial.grant(owner);
      assert.equal((await trial.refresh(owner, refreshToken)).status, 200);
      assert.equal((await introspect(trial, checker, accessToken)).body['active'], true);
      assertInactive(await introspect(trial, await trial.register(dialect), accessToken));
    });
  }

  test('after a replay, the access tokens of Smartcar run out, and those of Pleos end at once', async () => {
    for (const [dialect, onReplay] of [
      ['smartcar', true],
      ['pleos', false],
    ] as const) {
      const { trial, owner, checker } = await open(dialect, {});
      const { accessToken, refreshToken, grant } = await trial.grant(owner);
      assert.equal((await trial.refresh(owner, refreshToken)).status, 200);
      trial.advanceSeconds(3600 - 1);
      assert.equal((await trial.refresh(owner, refreshToken)).status, 400);
      assert.equal((await trial.memory.readGrant(grant.id))?.revocation?.cause, 'replay');
      assert.equal((await introspect(trial, checker, accessToken)).body['active'], onReplay);
      await trial.memory.revoke(grant.id, { nowMs: trial.nowSeconds() * 1000, cause: 'owner' });
      assertInactive(await introspect(trial, checker, accessToken));
    }
  });

  test('a JWT expires at its exp even if the policy becomes longer, and sooner if the policy becomes shorter', async () => {
    const { trial, owner, checker } = await open('smartcar', { policy: { accessTokenFormat: 'jwt' } });
    const { accessToken } = await trial.grant(owner);
    const iat = trial.nowSeconds();
    for (const [accessTokenLifetimeSeconds, exp] of [
      [9000, iat + 7200],
      [60, iat + 60],
    ] as const) {
      await trial.memory.changeClient(owner.client.id, { policy: { accessTokenLifetimeSeconds } });
      assert.equal((await introspect(trial, checker, accessToken)).body['exp'], exp);
    }
  });

  test('the result includes the audience and the end of the grant', async () => {
    const policy = { grantLifetimeSeconds: 600, audience: 'https://api.example' };
    for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
      const { trial, owner } = await open('smartcar', { policy: { ...policy, accessTokenFormat } });
      const { accessToken, expiresInSeconds } = await trial.grant(owner);
      assert.equal(expiresInSeconds, 600);
      const { body } = await introspect(trial, owner, accessToken);
      assert.deepEqual([body['aud'], body['exp']], ['https://api.example', trial.nowSeconds() + 600]);
      trial.advanceSeconds(600);
      assertInactive(await introspect(trial, owner, accessToken));
    }
  });

  test('a token is for an audience only as long as its client has it: opaque and JWT', async () => {
    for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
      const [kept, taken] = ['https://kept.example', 'https://taken.example'];
      const audience = `${kept} ${taken}`;
      const { trial, owner, checker } = await open('smartcar', { policy: { accessTokenFormat, audience } });
      await trial.memory.changeClient(checker.client.id, { policy: { audience: taken } });
      const { accessToken } = await trial.grant(owner);
      assert.deepEqual((await introspect(trial, checker, accessToken)).body['aud'], [kept, taken]);
      await trial.memory.changeClient(owner.client.id, { policy: { audience: kept } });
      assertInactive(await introspect(trial, checker, accessToken));
      assert.equal((await introspect(trial, owner, accessToken)).body['aud'], kept);
    }
  });

  test('a resource server gets information about tokens for its own audience only', async () => {
    for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
      const audience = 'https://api.example';
      const { trial, owner, checker } = await open('smartcar', { policy: { accessTokenFormat, audience } });
      const { accessToken } = await trial.grant(owner);
      assertInactive(await introspect(trial, checker, accessToken));
      await trial.memory.changeClient(checker.client.id, { policy: { audience: 'https://other.example' } });
      assertInactive(await introspect(trial, checker, accessToken));
      await trial.memory.changeClient(checker.client.id, { policy: { audience } });
      assert.equal((await introspect(trial, checker, accessToken)).body['active'], true);
    }
  });
});

describe('Introspection of refresh tokens', () => {
  for (const dialect of ['smartcar', 'pleos'] as const) {
    test(`describes the token of a ${dialect} client as its use would be judged now, without using it`, async () => {
      const { trial, owner } = await open(dialect, {
        policy: { rotation: 'overlap', overlapSeconds: 60 },
      });
      const first = await trial.grant(owner);
      const issued = trial.nowSeconds();
      const lifetime = owner.client.policy.refreshTokenLifetimeSeconds;
      const known = { active: true, scope: first.grant.scope, client_id: owner.client.id };
      const about = { sub: 'owner-1', iss: ISSUER };
      for (const hint of [undefined, 'refresh_token', 'access_token', 'other']) {
        const { body } = await introspect(trial, owner, first.refreshToken, hint);
        assert.deepEqual(body, { ...known, exp: issued + lifetime, iat: issued, ...about });
      }
      assert.equal(trial.memory.peek(first.grant.id)?.generation, 0);
      trial.advanceSeconds(100);
      await trial.refresh(owner, first.refreshToken);
      const overlapping = await introspect(trial, owner, first.refreshToken);
      assert.deepEqual(overlapping.body, { ...known, exp: issued + 160, iat: issued, ...about });
      trial.advanceSeconds(60);
      assertInactive(await introspect(trial, owner, first.refreshToken));
      assert.equal(trial.memory.peek(first.grant.id)?.revocation, undefined);
      assert.deepEqual(
        trial.events.filter(({ event }) => event === 'refresh.replayed'),
        [],
      );
    });
  }

  test('a used token is inactive if tokens rotate strictly, and active if they do not rotate', async () => {
    for (const [rotation, isActive] of [
      ['strict', false],
      ['none', true],
      ['until-used', true],
    ] as const) {
      const { trial, owner } = await open('smartcar', { policy: { rotation } });
      const { refreshToken } = await trial.grant(owner);
      await trial.refresh(owner, refreshToken);
      assert.equal((await introspect(trial, owner, refreshToken)).body['active'], isActive, rotation);
    }
  });

  test('a token that is newer than the store is active, because its use would succeed', async () => {
    const { trial, owner } = await open('smartcar');
    const { refreshToken, grant } = await trial.grant(owner);
    const backup = trial.memory.snapshot();
    const next = (await trial.refresh(owner, refreshToken)).body['refresh_token'];
    trial.memory.load(backup);
    const { body } = await introspect(trial, owner, String(next));
    assert.deepEqual(
      [body['active'], body['exp'], body['iat'], body['client_id']],
      [true, undefined, undefined, grant.clientId],
    );
  });

  test('a resource server gets no information about a refresh token, which is no access token', async () => {
    const { trial, owner, checker } = await open('smartcar');
    const { refreshToken } = await trial.grant(owner);
    for (const hint of [undefined, 'refresh_token'])
      assertInactive(await introspect(trial, checker, refreshToken, hint));
  });
});

describe('Access to introspection', () => {
  const REFUSED = ['no-token', '', '3e565aed-d4b2-4296-9b4c-aec35825a6aa', 'a.b.c', 'A'.repeat(36)];

  test('an unknown token is inactive in any form, without other members', async () => {
    const { trial, checker } = await open('smartcar');
    for (const token of REFUSED.filter((one) => one !== ''))
      assertInactive(await introspect(trial, checker, token));
  });

  test('a token in the form of another dialect is unknown', async () => {
    const { trial, owner, checker } = await open('pleos');
    const { accessToken, refreshToken } = await trial.grant(owner);
    const { shapes } = DIALECTS.pleos;
    for (const [shape, token] of [
      [shapes.accessToken, accessToken],
      [shapes.refreshToken, refreshToken],
    ] as const) {
      const sealed = shape.read(token);
      assert.ok(sealed !== 'malformed');
      assertInactive(await introspect(trial, checker, uuidV4Shape.write(sealed.subarray(0, 16))));
    }
  });

  test('a client that does not authenticate is challenged, and gets no information about the token', async () => {
    const { trial, owner, checker } = await open('smartcar');
    const app = await trial.register('smartcar', { type: 'public' });
    const { accessToken: token } = await trial.grant(owner);
    const wrong = { client: checker.client, secret: 'wrong' };
    for (const answer of [
      await trial.post(PATH, { token }),
      await trial.post(PATH, { token }, wrong),
      await trial.post(PATH, { token, client_id: checker.client.id, client_secret: 'wrong' }),
      await trial.post(PATH, { token, client_id: app.client.id }),
      await trial.post(PATH, { token, client_id: checker.client.id }),
      await trial.post(PATH, { token }, undefined, { authorization: 'Bearer x' }),
    ]) {
      assert.deepEqual([answer.status, answer.body['error']], [401, 'invalid_client']);
      assert.match(answer.headers['WWW-Authenticate'] ?? '', /^Basic /);
    }
    await trial.memory.changeClient(checker.client.id, { disabledAtMs: trial.context.clock() });
    assert.equal((await introspect(trial, checker, token)).status, 401);
  });

  test('a client may send its credentials in the form, but not in two places', async () => {
    const { trial, owner, checker } = await open('smartcar');
    const { accessToken: token } = await trial.grant(owner);
    const inForm = { token, client_id: checker.client.id, client_secret: checker.secret };
    assert.equal((await trial.post(PATH, inForm)).body['active'], true);
    const named = { token, client_id: checker.client.id };
    assert.equal((await trial.post(PATH, named, checker)).body['active'], true);
    for (const answer of [
      await trial.post(PATH, inForm, checker),
      await trial.post(PATH, { token, client_id: owner.client.id }, checker),
    ])
      assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_request']);
  });

  test('a malformed request gets an error that names the fault', async () => {
    const { trial, checker } = await open('smartcar');
    const json = { 'content-type': 'application/json' };
    for (const [answer, status] of [
      [await trial.post(PATH, {}, checker), 400],
      [await trial.post(PATH, { token: 'x' }, checker, json), 400],
      [await trial.get(PATH), 405],
    ] as const)
      assert.deepEqual([answer.status, answer.body['error']], [status, 'invalid_request']);
    assert.equal((await trial.get(PATH)).headers['Allow'], 'POST');
  });
});

describe('Introspection never reports an outage as a dead token', () => {
  test('an unavailable store gives 503 for every kind of token, even an unknown one', async () => {
    for (const [dialect, accessTokenFormat] of KINDS) {
      const { trial, owner, checker } = await open(dialect, { policy: { accessTokenFormat } });
      const { accessToken, refreshToken } = await trial.grant(owner);
      trial.setStore('unavailable');
      for (const token of [accessToken, refreshToken, 'unknown']) {
        const answer = await introspect(trial, checker, token);
        assert.deepEqual([answer.status, answer.headers['Retry-After']], [503, '2']);
        assert.ok(!answer.text.includes('active'));
      }
      trial.setStore('available');
      assert.equal((await introspect(trial, checker, accessToken)).body['active'], true);
    }
  });

  test('a key ring that lacks a key of the store gives 503 only for tokens that it cannot open', async () => {
    const { trial, owner, checker } = await open('smartcar');
    const { accessToken, refreshToken } = await trial.grant(owner);
    await trial.rotateKeys({ isMissing: true });
    for (const token of [accessToken, refreshToken])
      assert.equal((await introspect(trial, owner, token)).body['active'], true);
    assert.equal((await introspect(trial, checker, '3e565aed-d4b2-4296-9b4c-aec35825a6aa')).status, 503);
    assertInactive(await introspect(trial, checker, 'no-token'));
  });
});

describe('Introspection while the clock is in doubt', () => {
  for (const [dialect, accessTokenFormat] of KINDS) {
    test(`says what a refresh would do: ${accessTokenFormat}, ${dialect} client`, async () => {
      const { trial, owner, checker } = await open(dialect, { policy: { accessTokenFormat } });
      const { accessToken, refreshToken } = await trial.grant(owner);
      trial.jumpSeconds(owner.client.policy.refreshTokenLifetimeSeconds);
      // The client loses nothing when it refreshes, and the refresh works.
      for (const by of [owner, checker]) assertInactive(await introspect(trial, by, accessToken));
      assert.equal((await introspect(trial, owner, refreshToken)).body['active'], true);
      assertInactive(await introspect(trial, checker, refreshToken));
      const refreshed = (await trial.refresh(owner, refreshToken)).body as {
        readonly access_token?: string;
        readonly data?: { readonly accessToken: string };
      };
      const fresh = String(refreshed.data?.accessToken ?? refreshed.access_token);
      for (const by of [owner, checker])
        assert.equal((await introspect(trial, by, fresh)).body['active'], true);
      // Time that passes ends what it ends.
      trial.advanceSeconds(owner.client.policy.accessTokenLifetimeSeconds);
      assertInactive(await introspect(trial, checker, fresh));
    });
  }
});

describe('The vehicle calls read access tokens', () => {
  for (const [dialect, accessTokenFormat] of KINDS) {
    test(`as introspection does: ${accessTokenFormat}, ${dialect} client`, async () => {
      const { trial, owner } = await open(dialect, { policy: { accessTokenFormat } });
      const { accessToken, refreshToken, grant } = await trial.grant(owner);
      const shape = DIALECTS[dialect].shapes.accessToken;
      const read = (token: string) => readAccess(trial.context, shape, token);
      assert.deepEqual((await read(accessToken))?.grant, grant);
      assert.equal(await read(refreshToken), undefined);
      assert.equal(await read(`${accessToken}x`), undefined);
      await trial.rotateKeys();
      trial.advanceSeconds(601);
      const again = await trial.refresh(owner, refreshToken);
      const { data } = again.body as { readonly data?: { readonly accessToken: string } };
      const fresh = data?.accessToken ?? String(again.body['access_token']);
      for (const token of [accessToken, fresh]) assert.equal((await read(token))?.grant.id, grant.id);
      trial.setStore('unavailable');
      await assert.rejects(read(accessToken), { name: 'StoreError' });
      trial.setStore('available');
      await trial.memory.revoke(grant.id, { nowMs: trial.nowSeconds() * 1000, cause: 'owner' });
      for (const token of [accessToken, fresh]) assert.equal(await read(token), undefined);
    });
  }

  for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
    test(`and refuse one whose audience is another server: ${accessTokenFormat}`, async () => {
      const policy = { accessTokenFormat, audience: 'https://api.example' };
      const { trial, owner } = await open('smartcar', { policy });
      const { accessToken } = await trial.grant(owner);
      const shape = DIALECTS.smartcar.shapes.accessToken;
      assert.equal(await readAccess(trial.context, shape, accessToken), undefined);
    });
  }
});
