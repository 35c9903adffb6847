import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { importJWK } from 'jose';
import type { JWK } from 'jose';
import * as client from 'openid-client';
import { createPlainBrowser } from '../connect/plain-browser.ts';
import { removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { createSuiteActor } from './fapi-suite/actor.ts';
import { fetchOver } from './fapi-suite/file.ts';
import type { Suite, SuiteClient } from './fapi-suite/file.ts';
import { PUSHING_CASES } from './fapi-suite/pushing-cases.ts';
import { RESOURCE_CASES } from './fapi-suite/resource-cases.ts';
import { checkTls } from './fapi-suite/tls.ts';
import { TOKEN_CASES } from './fapi-suite/token-cases.ts';

const REDIRECT_URI = 'https://app.example/callback';

let server: KeyfobServer;
let ca: string;
before(async () => {
  server = await startKeyfob({ args: ['--demo-fapi', '--redirect-uri', REDIRECT_URI] });
  ca = readFileSync(String(server.listening['tlsCert']), 'utf8');
});
after(async () => {
  await server.stop();
  removeDataDirectory(server.dataDirectory);
});

type File = 'fapi.json' | 'fapi-mtls.json' | 'fapi-mtls-dpop.json';

const suiteOf = (name: File): Suite =>
  JSON.parse(readFileSync(join(server.dataDirectory, 'demo', name), 'utf8')) as Suite;

/** A client of a suite: how it authenticates, and what it binds its tokens to. */
type Actor = {
  readonly about: SuiteClient;
  readonly config: client.Configuration;
  readonly options: { readonly DPoP?: client.DPoPHandle };
  readonly resourceUrl: URL;
};

const keyOf = async (jwk: JWK): Promise<client.PrivateKey> => {
  const key = await importJWK(jwk, jwk.alg ?? '');
  assert.ok(!(key instanceof Uint8Array));
  return { key, kid: jwk.kid ?? '' };
};

/** One of the two clients of a file. With `dpop`, without the certificate that a client signs assertions without. */
const actorOf = async (file: File, index: 0 | 1, constraint: 'dpop' | 'mtls'): Promise<Actor> => {
  const suite = suiteOf(file);
  const about = [suite.client, suite.client2][index] ?? assert.fail();
  const signs = file === 'fapi.json';
  const shown = constraint === 'mtls' || !signs ? [suite.mtls, suite.mtls2][index] : undefined;
  const authentication = signs
    ? client.PrivateKeyJwt(await keyOf(about.jwks.keys[0]))
    : client.TlsClientAuth();
  const config = await client.discovery(
    new URL(suite.server.discoveryUrl),
    about.client_id,
    shown === undefined ? {} : { use_mtls_endpoint_aliases: true },
    authentication,
    { algorithm: 'oauth2', [client.customFetch]: fetchOver(ca, shown) as client.CustomFetch },
  );
  const options =
    constraint === 'dpop'
      ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) }
      : {};
  return { about, config, options, resourceUrl: new URL(suite.resource.resourceUrl) };
};

/** What an owner agrees to, in a browser without scripts; the parameters of the answer included. */
const authorize = async ({ about, config, options }: Actor, button: 'agree' | 'decline' = 'agree') => {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const url = await client.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: about.redirect_uri,
      scope: about.scope,
      state: 'st',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    },
    options,
  );
  const browser = createPlainBrowser(fetchOver(ca));
  const signedIn = await browser.press(await browser.open(url.href), '1');
  const consent = await browser.open(signedIn.target);
  const [, vehicle = ''] = /name="(vehicle_[^"]+)"/.exec(consent.body) ?? [];
  const agreed = await browser.press(consent, button, vehicle === '' ? {} : { [vehicle]: 'yes' });
  return { back: new URL(agreed.target), pkceCodeVerifier };
};

/** By hand: `authorizationCodeGrant` leaves the query of a redirect URI out. */
const redeem = ({ about, config, options }: Actor, back: URL, verifier: string) =>
  client.genericGrantRequest(
    config,
    'authorization_code',
    {
      code: back.searchParams.get('code') ?? assert.fail(back.href),
      redirect_uri: about.redirect_uri,
      code_verifier: verifier,
    },
    options,
  );

const call = async (
  { config, options, resourceUrl }: Actor,
  { access_token: token }: { readonly access_token: string },
) => {
  const answer = await client.fetchProtectedResource(
    config,
    token,
    resourceUrl,
    'GET',
    null,
    undefined,
    options,
  );
  return [answer.status, ((await answer.json()) as { scope: string }).scope];
};

/** The status of a call by somebody who has nothing but the token. */
const callBare = async (token: string): Promise<number> => {
  const { resource } = suiteOf('fapi.json');
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetchOver(ca)(resource.resourceUrl, { headers })).status;
};

test('metadata is at the issuer, and says what a suite asks for', async () => {
  const { server: place } = suiteOf('fapi.json');
  const metadata = (await (await fetchOver(ca)(place.discoveryUrl)).json()) as Record<string, unknown>;
  const issuer = String(server.listening['issuer']);
  assert.equal(metadata['issuer'], issuer);
  assert.strictEqual(metadata['require_pushed_authorization_requests'], true);
  assert.deepEqual(metadata['code_challenge_methods_supported'], ['S256']);
  assert.equal(metadata['authorization_response_iss_parameter_supported'], true);
  for (const name of ['token', 'introspection', 'revocation'])
    assert.ok(
      (metadata[`${name}_endpoint_auth_methods_supported`] as string[]).includes(
        'self_signed_tls_client_auth',
      ),
      name,
    );
  // The suite looks for it with plain_oauth too.
  assert.deepEqual(metadata['id_token_signing_alg_values_supported'], ['ES256']);
  const aliases = metadata['mtls_endpoint_aliases'] as Record<string, string>;
  for (const name of ['token_endpoint', 'pushed_authorization_request_endpoint', 'introspection_endpoint']) {
    assert.equal(new URL(String(aliases[name])).pathname, new URL(String(metadata[name])).pathname);
    assert.notEqual(new URL(String(aliases[name])).port, new URL(issuer).port);
  }
});

describe('a plan of a suite', () => {
  for (const [name, file, constraint] of [
    ['signed assertions and proofs', 'fapi.json', 'dpop'],
    ['signed assertions and certificates', 'fapi.json', 'mtls'],
    ['authentication by certificates, and proofs', 'fapi-mtls-dpop.json', 'dpop'],
    ['certificates for both', 'fapi-mtls.json', 'mtls'],
  ] as const) {
    test(`with ${name}: both clients get tokens, use and refresh them`, async () => {
      for (const index of [0, 1] as const) {
        const actor = await actorOf(file, index, constraint);
        const { back, pkceCodeVerifier } = await authorize(actor);
        assert.ok(back.href.startsWith(actor.about.redirect_uri), back.href);
        const tokens = await redeem(actor, back, pkceCodeVerifier);
        assert.equal(tokens.token_type, constraint === 'dpop' ? 'dpop' : 'bearer');
        assert.deepEqual(await call(actor, tokens), [200, actor.about.scope]);
        assert.equal(await callBare(tokens.access_token), 401);
        const refreshToken = tokens.refresh_token ?? assert.fail('no refresh token');
        const again = await client.refreshTokenGrant(actor.config, refreshToken, undefined, actor.options);
        assert.deepEqual(await call(actor, again), [200, actor.about.scope]);
        const other = await actorOf(file, index === 0 ? 1 : 0, constraint);
        await assert.rejects(client.refreshTokenGrant(other.config, refreshToken, undefined, other.options), {
          error: 'invalid_grant',
        });
      }
    });

    test(`with ${name}: a client gets a token for itself, and the resource takes it`, async () => {
      const actor = await actorOf(file, 0, constraint);
      const tokens = await client.clientCredentialsGrant(actor.config, { scope: 'read_vin' }, actor.options);
      assert.deepEqual(await call(actor, tokens), [200, 'read_vin']);
      assert.equal(await callBare(tokens.access_token), 401);
    });
  }

  test('an owner who declines sends the client an error', async () => {
    const { back } = await authorize(await actorOf('fapi.json', 0, 'dpop'), 'decline');
    const { error, state, iss } = Object.fromEntries(back.searchParams);
    assert.deepEqual([error, state, iss], ['access_denied', 'st', server.listening['issuer']]);
  });
});

/** The modules of a suite, by how the clients of its plan authenticate and what their tokens are bound to. */
for (const [file, auth, constraint] of [
  ['fapi.json', 'private_key_jwt', 'dpop'],
  ['fapi.json', 'private_key_jwt', 'mtls'],
  ['fapi-mtls-dpop.json', 'mtls', 'dpop'],
  ['fapi-mtls.json', 'mtls', 'mtls'],
] as const)
  describe(`the modules of a plan with ${auth} and ${constraint}`, () => {
    const variant = { auth, constraint };
    for (const { module, applies, run } of [...PUSHING_CASES, ...TOKEN_CASES, ...RESOURCE_CASES])
      if (applies === undefined || applies(variant))
        test(module, async () => {
          const suite = suiteOf(file);
          await run(
            await createSuiteActor(suite, ca, variant, 0),
            await createSuiteActor(suite, ca, variant, 1),
          );
        });
  });

test('both listeners speak TLS as BCP 195 recommends it, and nothing older', async () => {
  const { server: place, resource } = suiteOf('fapi.json');
  for (const url of [place.discoveryUrl, resource.resourceUrl]) await checkTls(url);
});

test('private keys are in files that only their owner reads, and nowhere in the log', () => {
  for (const name of ['fapi.json', 'fapi-mtls.json', 'fapi-mtls-dpop.json', 'tls.key'])
    assert.equal(statSync(join(server.dataDirectory, 'demo', name)).mode & 0o777, 0o600, name);
  const [{ d = '' }] = suiteOf('fapi.json').client.jwks.keys;
  assert.ok(d.length > 20 && !server.log().includes(d));
});
