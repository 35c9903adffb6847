import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAccess } from '@keyfob/server';
import { uuidV4Shape } from '@keyfob/server/tokens';
import { createResourceTrial } from './resource-trial.ts';
import type { Answer, KnownClient, ResourceTrial } from './resource-trial.ts';

const GRANTED = 'read_odometer read_charge control_charge';
const policy = { grantScope: GRANTED, rotation: 'strict', overlapSeconds: 0, raceSeconds: 10 } as const;

const open = async (more: Parameters<ResourceTrial['register']>[1] = {}) => {
  const trial = createResourceTrial();
  const app = await trial.register('smartcar', { policy: { ...policy, ...more.policy } });
  const { refreshToken, grant } = await trial.grant(app, { scope: GRANTED });
  return { trial, app, refreshToken, grant };
};

const tokenOf = (answer: Answer, name: 'access_token' | 'refresh_token'): string => {
  assert.equal(answer.status, 200, answer.text);
  return String(answer.body[name]);
};

const scopeOf = async (trial: ResourceTrial, by: KnownClient, token: string): Promise<unknown> =>
  (await trial.post('/oauth/introspect', { token }, by)).body['scope'];

describe('The scope of a refresh', () => {
  for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
    test(`narrows the access token (${accessTokenFormat}), which the answer, introspection and our own calls say`, async () => {
      const { trial, app, refreshToken } = await open({ policy: { accessTokenFormat } });
      const narrow = await trial.refresh(app, refreshToken, 'control_charge read_odometer');
      assert.equal(narrow.body['scope'], 'read_odometer control_charge');
      const accessToken = tokenOf(narrow, 'access_token');
      assert.equal(await scopeOf(trial, app, accessToken), 'read_odometer control_charge');
      const access = await readAccess(trial.context, uuidV4Shape, accessToken);
      assert.equal(access?.scope, 'read_odometer control_charge');
    });
  }

  test('leaves the refresh token as it is: the next refresh gets everything again', async () => {
    const { trial, app, refreshToken } = await open();
    const narrow = await trial.refresh(app, refreshToken, 'read_charge');
    assert.equal(await scopeOf(trial, app, tokenOf(narrow, 'refresh_token')), GRANTED);
    const whole = await trial.refresh(app, tokenOf(narrow, 'refresh_token'));
    assert.ok(!('scope' in whole.body));
    assert.equal(await scopeOf(trial, app, tokenOf(whole, 'access_token')), GRANTED);
  });

  for (const scope of ['read_odometer read_vin', 'read_vin', 'fleet:admin', 'a"'])
    test(`is refused where it is wider than the grant or malformed (${scope}), and the token stays good`, async () => {
      const { trial, app, refreshToken } = await open();
      const refused = await trial.refresh(app, refreshToken, scope);
      assert.deepEqual([refused.status, refused.body['error']], [400, 'invalid_scope']);
      assert.equal((await trial.refresh(app, refreshToken)).status, 200);
    });

  test('may be that of the authorization request, as libraries send it at every refresh', async () => {
    const { trial, app, refreshToken } = await open();
    const asked = 'required:read_odometer read_charge  required:control_charge';
    const whole = await trial.refresh(app, refreshToken, asked);
    assert.equal(await scopeOf(trial, app, tokenOf(whole, 'access_token')), GRANTED);
    // What is taken from the client later is left out, as in a refresh without a scope.
    await trial.memory.changeClient(app.client.id, { policy: { grantScope: 'read_charge' } });
    const narrowed = await trial.refresh(app, tokenOf(whole, 'refresh_token'), asked);
    assert.equal(narrowed.body['scope'], 'read_charge');
    assert.equal(await scopeOf(trial, app, tokenOf(narrowed, 'access_token')), 'read_charge');
  });

  test('may be all of a grant with more scopes than an opaque token can select among', async () => {
    const scope = Array.from({ length: 20 }, (_, index) => `read_${index}`).join(' ');
    const trial = createResourceTrial();
    const app = await trial.register('smartcar', { policy: { ...policy, grantScope: scope } });
    const { refreshToken } = await trial.grant(app, { scope });
    const whole = await trial.refresh(app, refreshToken, scope);
    assert.equal(await scopeOf(trial, app, tokenOf(whole, 'access_token')), scope);
  });

  test('that is empty counts as absent', async () => {
    const { trial, app, refreshToken } = await open();
    const whole = await trial.refresh(app, refreshToken, '');
    assert.equal(await scopeOf(trial, app, tokenOf(whole, 'access_token')), GRANTED);
  });

  test('is answered again for an honest retry, and a retry for more loses nothing', async () => {
    const { trial, app, refreshToken } = await open({
      policy: { ...policy, rotation: 'overlap', overlapSeconds: 60 },
    });
    const first = await trial.refresh(app, refreshToken, 'read_charge');
    assert.equal((await trial.refresh(app, refreshToken, 'read_charge read_vin')).status, 400);
    const again = await trial.refresh(app, refreshToken, 'read_charge');
    assert.equal(again.body['scope'], 'read_charge');
    assert.equal(tokenOf(again, 'refresh_token'), tokenOf(first, 'refresh_token'));
  });

  test('is reported when it is refused', async () => {
    const { trial, app, refreshToken } = await open();
    await trial.refresh(app, refreshToken, 'read_vin');
    const { event, reason } = trial.events.at(-1) as { event: string; reason?: string };
    assert.deepEqual([event, reason], ['refresh.refused', 'scope_not_allowed']);
  });
});

describe('A scope that a client is no longer allowed', () => {
  for (const accessTokenFormat of ['opaque', 'jwt'] as const) {
    test(`is missing in its access tokens (${accessTokenFormat}) at once, the grant stays, and it comes back`, async () => {
      const { trial, app, refreshToken } = await open({ policy: { accessTokenFormat } });
      const before = await trial.refresh(app, refreshToken);
      const setAllowed = (grantScope: string) =>
        trial.memory.changeClient(app.client.id, { policy: { grantScope } });
      await setAllowed('read_odometer read_charge');
      const oldToken = tokenOf(before, 'access_token');
      assert.equal(await scopeOf(trial, app, oldToken), 'read_odometer read_charge');
      const narrowed = await trial.refresh(app, tokenOf(before, 'refresh_token'));
      assert.equal(narrowed.body['scope'], 'read_odometer read_charge');
      const newToken = tokenOf(narrowed, 'access_token');
      assert.equal(await scopeOf(trial, app, newToken), 'read_odometer read_charge');

      await setAllowed('');
      const nothing = await trial.refresh(app, tokenOf(narrowed, 'refresh_token'));
      assert.equal(nothing.body['scope'], '');
      assert.equal(await scopeOf(trial, app, tokenOf(nothing, 'access_token')), '');

      await setAllowed(GRANTED);
      const back = await trial.refresh(app, tokenOf(nothing, 'refresh_token'));
      assert.equal(await scopeOf(trial, app, tokenOf(back, 'access_token')), GRANTED);
    });
  }
});
