import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeGrantId } from '@keyfob/server/tokens';
import type { Grant } from '@keyfob/server/grants';
import { sampleGrant } from '../support/samples.ts';
import { createResourceTrial } from './resource-trial.ts';
import type { Answer, KnownClient, ResourceTrial } from './resource-trial.ts';

const PATH = '/v1/auth/personal-token';
const TEN_YEARS = 315_360_000;

/** A client with a grant that its registration names as its owner's. */
const openPersonal = async (grant: Partial<Grant> = {}) => {
  const trial = createResourceTrial();
  const policy = { refreshTokenLifetimeSeconds: TEN_YEARS };
  const app = await trial.register('pleos', { policy });
  const made = await trial.grant(app, { scope: '', ...grant });
  await trial.memory.changeClient(app.client.id, { policy: { personalGrant: writeGrantId(made.grant.id) } });
  return { trial, app, grant: made.grant };
};

/** As evcc sends it. */
const request = (trial: ResourceTrial, { client, secret }: KnownClient, brand = 'kia') =>
  trial.send(
    'POST',
    PATH,
    { 'content-type': 'application/json', accept: 'application/json', brand },
    JSON.stringify({ clientId: client.id, clientSecret: secret }),
  );

const errorOf = ({ status, body }: Answer) => {
  const { code, details } = body['error'] as { code: string; details: readonly { field: string }[] };
  return [status, code, ...details.map(({ field }) => field)];
};

describe('A personal token', () => {
  test('is an access token of the grant, without a refresh token, with its type and lifetime', async () => {
    const { trial, app, grant } = await openPersonal();
    const answer = await request(trial, app);
    assert.equal(answer.status, 200);
    const { accessToken, ...rest } = answer.body['data'] as Record<string, unknown>;
    assert.deepEqual(rest, { tokenType: 'Bearer', expiresIn: 3600 });
    assert.match(String(accessToken), /^[A-Za-z0-9]{428}$/);
    const token = String(accessToken);
    const { body } = await trial.post('/oauth/introspect', { token }, app);
    assert.deepEqual([body['active'], body['sub'], body['client_id']], [true, grant.subject, app.client.id]);
    assert.deepEqual(
      trial.events.map(({ event }) => event),
      ['personal_token.issued'],
    );
    assert.deepEqual(await trial.memory.readGrant(grant.id), grant, 'nothing is stored');
  });

  test('is given again and again, long after the lifetime that refresh tokens usually have', async () => {
    const { trial, app } = await openPersonal();
    const tokens = new Set<unknown>();
    for (let year = 0; year < 9; year++) {
      const { accessToken } = (await request(trial, app)).body['data'] as { accessToken: string };
      tokens.add(accessToken);
      trial.advanceSeconds(365 * 86_400);
    }
    assert.equal(tokens.size, 9);
  });

  test('is not given to a client whose registration names no grant', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('pleos');
    await trial.grant(app);
    assert.deepEqual(errorOf(await request(trial, app)), [400, '403']);
  });

  test('is not given for a grant that is revoked, of another brand, or of another client', async () => {
    const { trial, app, grant } = await openPersonal({ brand: 'kia' });
    assert.equal((await request(trial, app, 'Kia')).status, 200);
    assert.deepEqual(errorOf(await request(trial, app, 'hyundai')), [400, '5006']);
    const other = await trial.register('pleos', { policy: app.client.policy });
    const named = { personalGrant: writeGrantId(grant.id), refreshTokenLifetimeSeconds: TEN_YEARS };
    await trial.memory.changeClient(other.client.id, { policy: named });
    assert.deepEqual(errorOf(await request(trial, other)), [400, '5006']);
    await trial.memory.revoke(grant.id, { nowMs: trial.nowSeconds() * 1000, cause: 'owner' });
    assert.deepEqual(errorOf(await request(trial, app)), [400, '5006']);
  });

  test('needs the secret, both members and the brand', async () => {
    const { trial, app } = await openPersonal();
    assert.deepEqual(errorOf(await request(trial, { ...app, secret: 'wrong' })), [400, '401']);
    const empty = await trial.send('POST', PATH, {}, '{}');
    assert.deepEqual(errorOf(empty), [400, '4002', 'clientId', 'clientSecret', 'Brand']);
    assert.deepEqual(errorOf(await request(trial, app, 'tesla')), [400, '4002', 'Brand']);
  });

  test('is an outage while the store is away', async () => {
    const { trial, app } = await openPersonal();
    trial.setStore('unavailable');
    const answer = await request(trial, app);
    assert.deepEqual(errorOf(answer), [503, '5001']);
    assert.equal(answer.headers['Retry-After'], '2');
  });

  test('is given to a client of plain OAuth by the name of its grant type', async () => {
    const trial = createResourceTrial();
    const app = await trial.register('oauth', { policy: { refreshTokenLifetimeSeconds: TEN_YEARS } });
    const form = { grant_type: 'urn:keyfob:grant-type:personal' };
    assert.equal((await trial.post('/token', form, app)).body['error'], 'unauthorized_client');
    const { grant } = await trial.grant(app);
    await trial.memory.changeClient(app.client.id, { policy: { personalGrant: writeGrantId(grant.id) } });
    const { status, body } = await trial.post('/token', form, app);
    assert.deepEqual([status, body['token_type'], 'refresh_token' in body], [200, 'Bearer', false]);
  });

  test('is given although the ring no longer has the key that was active when the grant was made', async () => {
    const { trial, app } = await openPersonal();
    const lost = sampleGrant({ id: 99n, clientId: app.client.id, scope: '', keyNumber: 99 });
    await trial.memory.createGrant(lost);
    const policy = { personalGrant: writeGrantId(lost.id) };
    await trial.memory.changeClient(app.client.id, { policy });
    assert.equal((await request(trial, app)).status, 200);
  });

  test('is a JWT for a client that has JWTs', async () => {
    const { trial, app } = await openPersonal();
    await trial.memory.changeClient(app.client.id, { policy: { accessTokenFormat: 'jwt' } });
    const { accessToken } = (await request(trial, app)).body['data'] as { accessToken: string };
    assert.equal(accessToken.split('.').length, 3);
  });
});
