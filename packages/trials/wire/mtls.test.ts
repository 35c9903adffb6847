import assert from 'node:assert/strict';
import { hash, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { after, describe, test } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import { parseConfig } from '@keyfob/server';
import { changeClient } from '@keyfob/server/clients';
import type { Policy } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { issueTokens } from '@keyfob/server/grants';
import { certificatesIn } from '../support/certificates.ts';
import type { Certificate } from '../support/certificates.ts';
import { makeDataDirectory, removeDataDirectory } from '../support/keyfob-process.ts';
import { sampleClient, sampleGrant } from '../support/samples.ts';

const data = makeDataDirectory();
const certificates = certificatesIn(data);
const authority = certificates.authority('authority');
const stranger = certificates.authority('stranger');
const own = certificates.server();
const PROXY = '198.51.100.7';

const server = await createAuthorizationServer({
  data,
  port: 0,
  publicUrl: 'https://id.example',
  mtlsPort: 0,
  mtlsCertificateFile: own.certFile,
  mtlsKeyFile: own.keyFile,
  clientAuthoritiesFile: authority.certFile,
  clientCertificateHeader: 'Client-Cert',
  clientCertificateProxies: '198.51.100.0/24',
});
await server.listen();
after(async () => {
  await server.close();
  removeDataDirectory(data);
});
const { store } = server.deployment;

type Metadata = { readonly mtls_endpoint_aliases: { readonly token_endpoint: string } };
const metadata = await server.respond({
  method: 'GET',
  path: '/.well-known/oauth-authorization-server',
  query: '',
  headers: {},
  body: Buffer.alloc(0),
});
const aliases = (JSON.parse(metadata.body) as Metadata).mtls_endpoint_aliases;

let count = 0;
const register = async (policy: Partial<Policy>, jwks?: unknown) => {
  const id = `client-${++count}`;
  const client = sampleClient({
    id,
    secrets: [],
    policy: { ...DIALECTS.smartcar.defaultPolicy, requireUserAgent: false, ...policy },
  });
  const changed = jwks === undefined ? client : changeClient(client, { jwks });
  assert.ok(!('faults' in changed), JSON.stringify(changed));
  await store.createClient(changed);
  const nowMs = Date.now();
  const grant = sampleGrant({ id: BigInt(count), clientId: id, createdAtMs: nowMs });
  await store.createGrant(grant);
  const issuer = { keyRing: server.deployment.keyRing, nextSerial: () => 0 };
  const { refreshToken } = await issueTokens(issuer, DIALECTS.smartcar.shapes, grant, client.policy, nowMs);
  return { id, refreshToken };
};

const thumbprintOf = ({ cert }: Certificate): string =>
  hash('sha256', new X509Certificate(cert).raw, 'base64url');

type Reply = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** Sends over TLS, with a certificate or without. */
const send = (
  path: string,
  certificate: Certificate | undefined,
  { body, headers = {} }: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const url = new URL(path, aliases.token_endpoint);
    const shown = certificate && { cert: certificate.cert, key: certificate.key };
    const type = body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' };
    const sending = request(
      url,
      {
        method: body === undefined ? 'GET' : 'POST',
        ca: own.cert,
        agent: false,
        ...shown,
        headers: { ...type, ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Reply['body'] }),
        );
      },
    );
    sending.on('error', reject);
    sending.end(body);
  });

const formOf = ({ id, refreshToken }: Awaited<ReturnType<typeof register>>): string =>
  new URLSearchParams({
    client_id: id,
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
  }).toString();

const ISSUED = { clientAuthentication: 'tls_client_auth', senderConstraint: 'mtls' } as const;
const SELF_SIGNED = {
  clientAuthentication: 'self_signed_tls_client_auth',
  senderConstraint: 'mtls',
} as const;
const jwksOf = (...known: readonly Certificate[]) => ({
  keys: known.map(({ cert }) => new X509Certificate(cert).publicKey.export({ format: 'jwk' })),
});

describe('a client with a certificate that an authority issued', () => {
  const good = certificates.client('app', authority);

  for (const subject of ['dn:CN=app,O=Example', 'dns:app.example'])
    test(`authenticates as ${subject}, and its tokens are bound to the certificate`, async () => {
      const client = await register({ ...ISSUED, tlsClientSubject: subject });
      const { status, body } = await send('/oauth/token', good, { body: formOf(client) });
      assert.deepEqual([status, body['token_type']], [200, 'Bearer']);
      const token = String(body['access_token']);
      const introspection = new URLSearchParams({ client_id: client.id, token }).toString();
      const found = await send('/oauth/introspect', good, { body: introspection });
      assert.deepEqual(found.body['cnf'], { 'x5t#S256': thumbprintOf(good) });
      const headers = { Authorization: `Bearer ${token}` };
      assert.equal((await send('/v2.0/vehicles', good, { headers })).status, 200);
      const other = certificates.client('other', authority);
      for (const shown of [other, undefined])
        assert.equal((await send('/v2.0/vehicles', shown, { headers })).status, 401);
    });

  test('does not authenticate with another one, and its grant stays', async () => {
    const client = await register({ ...ISSUED, tlsClientSubject: 'dns:app.example' });
    const bad = [
      certificates.client('app', stranger),
      certificates.client('app'),
      certificates.client('other', authority),
      undefined,
    ];
    for (const shown of bad) {
      const { status, body } = await send('/oauth/token', shown, { body: formOf(client) });
      assert.deepEqual([status, body['error']], [401, 'invalid_client']);
    }
    const renewed = certificates.client('app', authority);
    assert.equal((await send('/oauth/token', renewed, { body: formOf(client) })).status, 200);
  });
});

test('a client with a certificate of its own authenticates by its registered key, and may change it', async () => {
  const [first, second] = [certificates.client('one'), certificates.client('two')];
  const client = await register(SELF_SIGNED, jwksOf(first));
  assert.equal((await send('/oauth/token', first, { body: formOf(client) })).status, 200);
  assert.equal((await send('/oauth/token', second, { body: formOf(client) })).status, 401);
  await store.changeClient(client.id, { jwks: jwksOf(second) });
  const { status } = await send('/oauth/token', second, { body: formOf(client) });
  assert.equal(status, 200);
});

/** Refreshes behind a proxy, whose header has this value. Answers the status and the error. */
const refreshFrom = async (address: string, value: string) => {
  const client = await register({ ...ISSUED, tlsClientSubject: 'dns:behind.example' });
  const { status, body } = await server.respond(
    {
      method: 'POST',
      path: '/oauth/token',
      query: '',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'client-cert': value },
      body: Buffer.from(formOf(client)),
    },
    { address },
  );
  return [status, (JSON.parse(body) as Reply['body'])['error']];
};

describe('a certificate in a header', () => {
  const good = certificates.client('behind', authority);
  const header = `:${new X509Certificate(good.cert).raw.toString('base64')}:`;
  for (const [name, value] of [
    ['as RFC 9440 writes it', header],
    ['as PEM with percent signs', encodeURIComponent(good.cert)],
  ] as const)
    test(`counts from a named proxy, ${name}`, async () => {
      assert.deepEqual(await refreshFrom(PROXY, value), [200, undefined]);
    });

  test('counts for nothing from anybody else, or where it is no certificate', async () => {
    assert.deepEqual(await refreshFrom('203.0.113.9', header), [401, 'invalid_client']);
    assert.deepEqual(await refreshFrom(PROXY, ':AAAA:'), [401, 'invalid_client']);
  });

  test('counts for nothing beside another, which a client may have sent to a proxy that adds its own', async () => {
    const other = encodeURIComponent(certificates.client('beside', authority).cert);
    const pem = encodeURIComponent(good.cert);
    for (const value of [`${pem}, ${other}`, `${header}, ${header}`, `${pem}${other}`, `x${pem}`])
      assert.deepEqual(await refreshFrom(PROXY, value), [401, 'invalid_client']);
  });

  test('counts from a named proxy whose address of IPv4 is written as IPv6', async () => {
    assert.deepEqual(await refreshFrom(`::ffff:${PROXY}`, header), [200, undefined]);
    assert.deepEqual(await refreshFrom('::ffff:203.0.113.9', header), [401, 'invalid_client']);
  });

  test('is refused at the start where no proxy is named', () => {
    assert.throws(() => parseConfig({ file: { clientCertificateHeader: 'Client-Cert' } }), {
      code: 'config_invalid',
    });
  });
});

test('metadata names the methods and the aliases', () => {
  const members = JSON.parse(metadata.body) as Readonly<Record<string, unknown>>;
  assert.equal(members['tls_client_certificate_bound_access_tokens'], true);
  assert.match(aliases.token_endpoint, /^https:\/\/127\.0\.0\.1:\d+\/oauth\/token$/);
  assert.ok((members['token_endpoint_auth_methods_supported'] as string[]).includes('tls_client_auth'));
});
