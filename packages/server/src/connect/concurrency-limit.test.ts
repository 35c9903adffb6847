import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpVehicleSource } from './vehicles/http-vehicle-source.ts';
import { SignInError } from './sign-in/sign-in-error.ts';
import { createUpstream } from './sign-in/upstream.ts';
import { VehicleSourceError } from './vehicles/vehicle-source.ts';
import { CONCURRENT_CALLS_MAX } from './concurrency-limit.ts';

const hanging = (): Promise<never> => new Promise(() => {});

test('calls to a vehicle service that hangs are limited', async (t) => {
  t.mock.method(globalThis, 'fetch', hanging);
  const source = createHttpVehicleSource({ url: 'http://127.0.0.1/vehicles', token: undefined });
  for (let count = 0; count < CONCURRENT_CALLS_MAX; count++) void source.list('owner');
  await assert.rejects(source.list('owner'), VehicleSourceError);
});

test('calls to a provider that hangs are limited', async (t) => {
  t.mock.method(globalThis, 'fetch', hanging);
  const settings = {
    issuer: 'http://127.0.0.1',
    clientId: 'id',
    clientSecret: undefined,
    clientAuthentication: undefined,
    scope: 'openid',
  };
  const upstream = createUpstream(settings, () => {});
  const attempt = { state: 's', nonce: 'n', codeVerifier: 'v' };
  const begin = (): Promise<string> =>
    upstream.begin(attempt, { redirectUri: 'http://127.0.0.1/', language: 'en', isFresh: false });
  for (let count = 0; count < CONCURRENT_CALLS_MAX; count++) void begin();
  await assert.rejects(
    begin(),
    (error) => error instanceof SignInError && error.reason === 'provider_unavailable',
  );
});
