import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createAuthorizationServer } from '@keyfob/server';
import type { AuthorizationServer } from '@keyfob/server';
import { DIALECTS } from '@keyfob/server/dialects';
import type { Dialect } from '@keyfob/server/dialects';
import { openSqliteStore } from '@keyfob/server/stores';
import { createKeyLines } from '@keyfob/server/tokens';
import { assertDescribed, findOperation } from '../openapi/described.ts';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { saysOther } from '../support/uuid-token.ts';
import { hostileHeader, hostileText, nearMiss } from './values.ts';

/** The seed of every test run. */
const SEED = 1;
const REQUESTS = 400;

const GRANT_TYPES = [
  'authorization_code',
  'client_credentials',
  'delete',
  'password',
  'urn:ietf:params:oauth:grant-type:device_code',
  '__proto__',
  'constructor',
];
const MEDIA_TYPES = ['application/json', 'application/x-www-form-urlencoded', 'text/plain', ''];

type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body: string };
type Change = (sent: Sent) => Sent;

const withHeader =
  (name: string, value: string): Change =>
  (sent) => ({
    ...sent,
    headers: { ...sent.headers, [name]: value },
  });
const withBody =
  (change: (body: string) => string): Change =>
  (sent) => ({ ...sent, body: change(sent.body) });

/** A member more: in a form, or in JSON. */
const withMember = (name: string, value: string): Change =>
  withBody((body) =>
    body.startsWith('{')
      ? `{${JSON.stringify(name)}:${JSON.stringify(value)},${body.slice(1)}`
      : `${body}&${name}=${encodeURIComponent(value.toWellFormed())}`,
  );

const names = fc.constantFrom(
  'grant_type',
  'scope',
  'client_id',
  'client_secret',
  'code',
  'audience',
  '__proto__',
);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('authorization', 'content-type', 'brand', 'idempotency-key', 'dpop'),
      hostileHeader,
    )
    .map(([name, value]) => withHeader(name, value)),
  fc.constantFrom(...MEDIA_TYPES).map((type) => withHeader('content-type', type)),
  fc.tuple(names, hostileText).map(([name, value]) => withMember(name, value)),
  fc
    .constantFrom(...GRANT_TYPES)
    .map((type) => withBody((body) => body.replace('=refresh_token', `=${type}`))),
  fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((share) => withBody((body) => body.slice(0, share * body.length))),
  fc.constantFrom('[]', 'null', '"x"', '{', '%', '&&&=', '').map((body) => withBody(() => body)),
);

/** Whether `fetch` can send these headers. */
const areSendable = ({ headers }: Sent): boolean => {
  try {
    return new Headers(headers).entries() !== undefined;
  } catch {
    return false;
  }
};

const open = async (): Promise<{ readonly server: AuthorizationServer; close(): Promise<void> }> => {
  const store = openSqliteStore(':memory:');
  const server = await createAuthorizationServer(
    {
      publicUrl: 'https://fob.example',
      key: createKeyLines(1, 1_700_000_000),
      authenticationFailuresPerAddressMax: 0,
      authenticationFailuresPerClientMax: 0,
    },
    { store },
  );
  return {
    server,
    async close() {
      await server.close();
      await store.close();
    },
  };
};

/** A client of a dialect, with its grant. */
const register = async ({ deployment }: AuthorizationServer, { name, sandbox, brands }: Dialect) => {
  const type = sandbox.clientType ?? 'confidential';
  const { client, clientSecret } = await makeClient(deployment, { dialect: name, type, name });
  const wanted = {
    clientId: client.id,
    subject: 'owner-1',
    scope: client.policy.grantScope ?? '',
    brand: brands[0],
  };
  const { grant, tokens } = await makeGrant(deployment, wanted);
  return { clientId: client.id, clientSecret, grantId: grant.id, refreshToken: tokens.refreshToken };
};

const dialects: readonly Dialect[] = Object.values(DIALECTS);

describe('Every wire refuses requests with a wrong token, as it is described, whatever else is in them', () => {
  for (const dialect of dialects)
    test(`${dialect.name}: ${REQUESTS} requests`, async (t) => {
      const { server, close } = await open();
      t.after(close);
      const { clientId, clientSecret, grantId, refreshToken } = await register(server, dialect);
      const client = { clientId, clientSecret };
      const brand = dialect.brands[0];
      const send = async (path: string, { headers, body }: Sent) => {
        const sent = new Headers({ 'user-agent': 'trials/1', ...headers });
        const response = await server.fetch(
          new Request(`https://fob.example${path}`, { method: 'POST', headers: sent, body }),
        );
        return {
          status: response.status,
          headers: Object.fromEntries(response.headers),
          text: await response.text(),
        };
      };
      const token = nearMiss(refreshToken).filter(
        (text) => dialect.name !== 'smartcar' || saysOther(text, refreshToken),
      );
      const requests = fc.sample(fc.tuple(token, fc.array(change, { maxLength: 3 })), {
        numRuns: REQUESTS,
        seed: SEED,
      });
      for (const [wrongToken, changes] of requests) {
        const { path, ...good } = dialect.examples.refreshRequest(client, {
          refreshToken: wrongToken,
          brand,
        });
        const sent = changes.reduce<Sent>((before, next) => next(before), good);
        if (!areSendable(sent)) continue;
        const { status, headers, text } = await send(path, sent);
        const what = JSON.stringify([sent, status, text]);
        assert.ok(status >= 400 && status < 500, what);
        for (const secret of [clientSecret, refreshToken])
          assert.ok(secret === '' || !text.includes(secret), what);
        const operation = findOperation('POST', path) ?? assert.fail(path);
        assertDescribed(operation, { status, headers, body: JSON.parse(text) as unknown });
      }
      assert.equal((await server.deployment.store.readGrant(grantId))?.generation, 0);
      const { path, ...good } = dialect.examples.refreshRequest(client, { refreshToken, brand });
      assert.equal((await send(path, good)).status, 200, 'the right token');
    });
});
