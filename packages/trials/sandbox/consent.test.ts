import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSandbox } from './support.ts';
import type { World } from '@keyfob/sandbox';

const authorizeUrl = (world: World, dialect: string, more: Readonly<Record<string, string>> = {}): string => {
  const { clientId = '' } = world.clients.find(dialect) ?? {};
  const redirectUri = 'http://localhost:4711/callback';
  const [path, parameters] =
    dialect === 'pleos'
      ? ['/v1/auth/login', { clientId, brand: 'hyundai', redirectUrl: redirectUri, state: 's1' }]
      : [
          dialect === 'oauth' ? '/authorize' : '/oauth/authorize',
          {
            response_type: 'code',
            client_id: clientId,
            redirect_uri: redirectUri,
            scope: dialect === 'oauth' ? 'read_odometer' : 'read_vehicle_info read_odometer',
            state: 's1',
          },
        ];
  return `${world.url}${path}?${new URLSearchParams({ ...parameters, ...more }).toString()}`;
};

describe('With autoConsent, the authorization endpoint answers the redirect at once', () => {
  for (const dialect of ['smartcar', 'pleos', 'oauth'])
    test(dialect, async (t) => {
      const sandbox = await openSandbox(t);
      const world = await sandbox.createWorld({ autoConsent: true, clock: '2026-01-01' });
      const response = await fetch(authorizeUrl(world, dialect), { redirect: 'manual' });
      assert.equal(response.status, 302, (await response.text()).slice(0, 300));
      const location = new URL(response.headers.get('location') ?? '');
      assert.equal(location.origin + location.pathname, 'http://localhost:4711/callback');
      assert.equal(location.searchParams.get('state'), 's1');
      const code = location.searchParams.get('code') ?? '';
      const { clientId, clientSecret } = world.clients.find(dialect) ?? {};
      const exchanged =
        dialect === 'pleos'
          ? await fetch(`${world.url}/v1/auth/token`, {
              method: 'POST',
              headers: { 'content-type': 'application/json', brand: 'hyundai' },
              body: JSON.stringify({
                clientId,
                clientSecret,
                code,
                redirectUrl: 'http://localhost:4711/callback',
              }),
            })
          : await fetch(`${world.url}${dialect === 'oauth' ? '/token' : '/oauth/token'}`, {
              method: 'POST',
              headers: {
                authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}`,
                'user-agent': 'trial/1',
              },
              body: new URLSearchParams({
                grant_type: 'authorization_code',
                code,
                redirect_uri: 'http://localhost:4711/callback',
              }),
            });
      assert.equal(exchanged.status, 200, await exchanged.text());
      const entries = world.journal.read({ stage: 'ended' }).requests;
      assert.deepEqual(
        entries.map(({ endpoint, verdict, isCommitted }) => [endpoint, verdict, isCommitted]),
        [
          ['authorize', 'stored', true],
          ['token', 'redeem', true],
        ],
      );
      assert.equal(entries[1]?.grant, 'g1');
      assert.equal(entries[1]?.answer?.refreshToken, 'g1/0');
    });

  test('an owner without a vehicle of the make has none to share', async (t) => {
    const sandbox = await openSandbox(t);
    const world = await sandbox.createWorld({ autoConsent: true });
    const response = await fetch(authorizeUrl(world, 'smartcar', { make: 'BMW' }), { redirect: 'manual' });
    assert.match(response.headers.get('location') ?? '', /error=no_vehicles/);
  });

  test('a request that is refused is refused', async (t) => {
    const sandbox = await openSandbox(t);
    const world = await sandbox.createWorld({ autoConsent: true });
    const response = await fetch(authorizeUrl(world, 'smartcar', { redirect_uri: 'https://evil.example/' }), {
      redirect: 'manual',
    });
    assert.equal(response.status, 400);
  });
});

test('without it, the owner gets a page', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({});
  const response = await fetch(authorizeUrl(world, 'smartcar'), { redirect: 'manual' });
  assert.equal(response.status, 200);
  assert.match(await response.text(), /<form/);
});
