import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { readAccess } from '@keyfob/server';
import { uuidV4Shape } from '@keyfob/server/tokens';
import { basic, createResourceTrial, ISSUER } from './resource-trial.ts';
import type { Answer, KnownClient, ResourceTrial } from './resource-trial.ts';

const [CHARGING, FLEET, STRANGE] = [
  'https://charging.example/api',
  'https://fleet.example',
  'https://strange.example',
];
const BOTH = `${CHARGING} ${FLEET}`;

const audienceOf = ({ body, status, text }: Answer): unknown => {
  assert.equal(status, 200, text);
  return decodeJwt(String(body['access_token'])).aud;
};

const assertRefused = (answer: Answer): void =>
  assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_target'], answer.text);

const post = (
  trial: ResourceTrial,
  path: string,
  by: KnownClient,
  fields: readonly (readonly [string, string])[],
): Promise<Answer> =>
  trial.send(
    'POST',
    path,
    { 'content-type': 'application/x-www-form-urlencoded', authorization: basic(by) },
    new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString(),
  );

const fieldsOf = (resources: readonly string[]) => resources.map((one) => ['resource', one] as const);

const refresh = (
  trial: ResourceTrial,
  by: KnownClient,
  refreshToken: string,
  resources: readonly string[] = [],
) =>
  post(trial, '/oauth/token', by, [
    ['grant_type', 'refresh_token'],
    ['refresh_token', refreshToken],
    ...fieldsOf(resources),
  ]);

const requestOwn = (trial: ResourceTrial, by: KnownClient, ...resources: readonly string[]) =>
  post(trial, '/oauth2/token', by, [['grant_type', 'client_credentials'], ...fieldsOf(resources)]);

describe('A client that names resources at a refresh', () => {
  test('gets a JWT for them, for one or for several, and the next one for what it names then', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: { accessTokenFormat: 'jwt', audience: BOTH } });
    let { refreshToken } = await trial.grant(app);
    for (const [resources, aud] of [
      [[FLEET], FLEET],
      [[], [CHARGING, FLEET]],
      [
        [FLEET, CHARGING],
        [FLEET, CHARGING],
      ],
      [[CHARGING, CHARGING, ''], CHARGING],
      [[''], [CHARGING, FLEET]],
    ] as const) {
      const answer = await refresh(trial, app, refreshToken, resources);
      assert.deepEqual(audienceOf(answer), aud);
      refreshToken = String(answer.body['refresh_token']);
    }
  });

  test('is refused for another one, and its refresh token is not used up', async () => {
    for (const accessTokenFormat of ['jwt', 'opaque'] as const) {
      const trial = createResourceTrial();
      const app = await trial.register('smartcar', { policy: { accessTokenFormat, audience: BOTH } });
      const { refreshToken, grant } = await trial.grant(app);
      for (const resources of [[STRANGE], [FLEET, STRANGE], [ISSUER], [`${FLEET}/`], ['x y']])
        assertRefused(await refresh(trial, app, refreshToken, resources));
      assert.equal(trial.memory.peek(grant.id)?.generation, 0);
      assert.deepEqual([...new Set(trial.events.map(({ event }) => event))], ['request.refused']);
      assert.equal((await refresh(trial, app, refreshToken)).status, 200);
    }
  });

  test('gets no opaque token for some of its audiences, but one for all of them', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: { audience: BOTH } });
    const { refreshToken } = await trial.grant(app);
    assertRefused(await refresh(trial, app, refreshToken, [FLEET]));
    assert.equal((await refresh(trial, app, refreshToken, [FLEET, CHARGING])).status, 200);
  });

  test('may name this server where it has no other audience', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar');
    const { refreshToken } = await trial.grant(app);
    const answer = await refresh(trial, app, refreshToken, [ISSUER]);
    assert.equal(answer.status, 200);
    assert.ok(await readAccess(trial.context, uuidV4Shape, String(answer.body['access_token'])));
  });
});

describe('A token for several resources', () => {
  for (const accessTokenFormat of ['jwt', 'opaque'] as const)
    test(`is active for each of them and for no other server: ${accessTokenFormat}`, async () => {
      const trial = createResourceTrial();
      const audience = `${FLEET} ${ISSUER}`;
      const app = await trial.register('smartcar', { policy: { accessTokenFormat, audience } });
      const { accessToken: token } = await trial.grant(app);
      for (const [own, isActive] of [
        [FLEET, true],
        ['', true],
        [`${STRANGE} ${FLEET}`, true],
        [CHARGING, false],
      ] as const) {
        const checker = await trial.register('smartcar', {
          type: 'resource-server',
          policy: { audience: own },
        });
        const { body } = await trial.post('/oauth/introspect', { token }, checker);
        assert.equal(body['active'], isActive, own);
        if (isActive) assert.deepEqual(body['aud'], [FLEET, ISSUER]);
      }
      assert.ok(await readAccess(trial.context, uuidV4Shape, token), 'our own vehicle calls accept it');
    });

  test('that was asked for one of them is inactive for the others, also here', async () => {
    const trial = createResourceTrial();
    const audience = `${FLEET} ${ISSUER}`;
    const app = await trial.register('smartcar', { policy: { accessTokenFormat: 'jwt', audience } });
    const { refreshToken } = await trial.grant(app);
    const { body } = await refresh(trial, app, refreshToken, [FLEET]);
    const token = String(body['access_token']);
    for (const [own, isActive] of [
      [FLEET, true],
      ['', false],
    ] as const) {
      const checker = await trial.register('smartcar', {
        type: 'resource-server',
        policy: { audience: own },
      });
      assert.equal((await trial.post('/oauth/introspect', { token }, checker)).body['active'], isActive, own);
    }
    assert.equal(await readAccess(trial.context, uuidV4Shape, token), undefined);
  });
});

test('a client that names resources for its own token gets a JWT for them, whatever its other tokens are', async () => {
  const trial = createResourceTrial();
  const app = await trial.register('smartcar', { policy: { clientCredentials: true, audience: BOTH } });
  assert.equal(audienceOf(await requestOwn(trial, app, FLEET)), FLEET);
  assert.deepEqual(audienceOf(await requestOwn(trial, app)), [CHARGING, FLEET]);
  for (const resources of [[STRANGE], [FLEET, STRANGE], [ISSUER]])
    assertRefused(await requestOwn(trial, app, ...resources));
});
