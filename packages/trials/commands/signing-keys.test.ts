import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { DIALECTS, refreshAs } from '../support/refresh-request.ts';
import { grantFor, serverFor } from '../support/test-directory.ts';

const ROTATIONS = 3;

describe('Keys that sign JWTs', () => {
  test('"keys rotate" under load: no active token becomes invalid, and every key is published at once', async (t) => {
    const server = await serverFor(t);
    const jwksUri = new URL(`${server.url}/.well-known/jwks.json`);
    const fetchKeys = async () =>
      ((await (await fetch(jwksUri)).json()) as { readonly keys: readonly { readonly kid: string }[] }).keys;
    // It keeps the keys from before the rotations, and fetches them again only for an unknown key.
    const keys = createRemoteJWKSet(jwksUri, { cooldownDuration: 0 });
    const options = { issuer: server.url, audience: server.url, typ: 'at+jwt' };
    const load = { isOver: false };
    const live: string[] = [];
    const prepare = async (dialect: (typeof DIALECTS)[number]) => {
      const { client, grant } = await grantFor(server, dialect);
      await server.command('client', 'set', client.clientId, '--access-token-format', 'jwt');
      return { dialect, client, grant };
    };
    const drive = async ({ dialect, client, grant }: Awaited<ReturnType<typeof prepare>>): Promise<void> => {
      let { refreshToken } = grant;
      do {
        const answer = await refreshAs[dialect](server.url, client, refreshToken);
        assert.equal(answer.status, 200, answer.text);
        ({ refreshToken } = answer);
        live.push(answer.accessToken);
        await jwtVerify(answer.accessToken, keys, options);
      } while (!load.isOver);
    };
    const prepared = await Promise.all([...DIALECTS, ...DIALECTS].map(prepare));
    const drivers = prepared.map(drive);
    // A failing driver must fail the test at once.
    const failed = Promise.race(drivers);
    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      await Promise.race([server.command('keys', 'rotate', '--purpose', 'sign'), failed]);
      assert.equal((await fetchKeys()).length, rotation + 2);
    }
    load.isOver = true;
    await Promise.all(drivers);
    assert.ok(live.length >= drivers.length);
    const fresh = createRemoteJWKSet(jwksUri);
    for (const token of live) await jwtVerify(token, fresh, options);
  });

  test('the command line issues a JWT if the public URL is set, and an opaque token if not', async (t) => {
    for (const [environment, iss] of [
      [{ KEYFOB_PUBLIC_URL: 'https://fob.example/' }, 'https://fob.example'],
      [{}, undefined],
    ] as const) {
      const server = await serverFor(t, { environment });
      const { client } = await grantFor(server, 'smartcar');
      const flags = ['--access-token-format', 'jwt', '--audience', 'https://api.example'];
      await server.command('client', 'set', client.clientId, ...flags);
      const owner = ['--client', client.clientId, '--subject', 'owner-1'];
      const { accessToken } = await server.command<{ accessToken: string }>('grant', 'create', ...owner);
      if (iss === undefined) {
        assert.match(accessToken, /^[0-9a-f-]{36}$/);
        continue;
      }
      const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
      const { payload } = await jwtVerify(accessToken, keys, {
        issuer: iss,
        audience: 'https://api.example',
      });
      assert.equal(payload.sub, 'owner-1');
      const metadata = await fetch(`${server.url}/.well-known/oauth-authorization-server`);
      assert.equal(((await metadata.json()) as { readonly issuer: string }).issuer, iss);
    }
  });
});
