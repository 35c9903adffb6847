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
      await Promise.race([server.spawnCommand('keys', 'rotate', '--purpose', 'sign'), failed]);
      assert.equal((await fetchKeys()).length, rotation + 2);
    }
    load.isOver = true;
    await Promise.all(drivers);
    assert.ok(live.length >= drivers.length);
    const fresh = createRemoteJWKSet(jwksUri);
    for (const token of live) await jwtVerify(token, fresh, options);
  });

  test('a client is set to RS256 once the ring has a key for it, and its JWTs are signed by that key', async (t) => {
    const server = await serverFor(t, { environment: { KEYFOB_PUBLIC_URL: 'https://fob.example' } });
    const { client } = await grantFor(server, 'smartcar');
    const flags = ['--access-token-format', 'jwt', '--access-token-algorithm', 'RS256'];
    const set = () => server.command('client', 'set', client.clientId, ...flags);
    await assert.rejects(
      set(),
      /--access-token-algorithm RS256 needs a key: .*keys rotate --purpose sign-rs256/,
    );
    await server.command('keys', 'rotate', '--purpose', 'sign-rs256');
    await set();
    const owner = ['--client', client.clientId, '--subject', 'owner-1'];
    const { accessToken } = await server.command<{ accessToken: string }>('grant', 'create', ...owner);
    const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
    const { protectedHeader } = await jwtVerify(accessToken, keys, { typ: 'at+jwt' });
    assert.equal(protectedHeader.alg, 'RS256');
    const rotated = await server.command<{ keys: { purpose: string }[] }>('keys', 'rotate');
    assert.deepEqual(
      rotated.keys.map(({ purpose }) => purpose),
      ['seal', 'sign', 'session', 'webhook', 'sign-rs256'],
    );
  });

  test('"grant create" prints a JWT for a client with JWTs, and creates nothing if it does not know the issuer', async (t) => {
    const server = await serverFor(t);
    const { client } = await grantFor(server, 'smartcar');
    const flags = ['--access-token-format', 'jwt', '--audience', 'https://api.example'];
    await server.command('client', 'set', client.clientId, ...flags);
    const words = ['grant', 'create', '--client', client.clientId, '--subject', 'owner-1'];
    await assert.rejects(server.command(...words), /public_url_missing.*--public-url/s);
    const listed = ['grant', 'list', '--client', client.clientId];
    const { grants } = await server.command<{ grants: unknown[] }>(...listed);
    assert.equal(grants.length, 1, 'only the grant from before');
    const issued = await server.command<{ accessToken: string }>(...words, '--public-url', server.url);
    const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
    const options = { issuer: server.url, audience: 'https://api.example', typ: 'at+jwt' };
    const { payload } = await jwtVerify(issued.accessToken, keys, options);
    assert.equal(payload.sub, 'owner-1');
  });
});
