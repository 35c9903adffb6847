import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { digestSecret } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import {
  createKeyLine,
  createKeyLines,
  parseKeyRing,
  sealAccessToken,
  sealCode,
  sealRefreshToken,
} from '@keyfob/server/tokens';
import type { RegisteredKey } from '@keyfob/server/tokens';
import { createEndpoints, createResourceServerRoutes } from '@keyfob/server/wire';
import { testRandomness } from '../support/test-randomness.ts';
import {
  CALLER,
  CREATED_AT,
  CREATED_AT_MS,
  NOW_MS,
  SAMPLE_REDIRECT_URI,
  sampleClient,
  sampleCode,
} from '../support/samples.ts';
import { sampleGrant, sampleSecret } from '../support/samples.ts';
import { createAuthentication } from '../support/authentication.ts';
import { readAnswer, writeExchange, writeRefresh } from '../support/token-requests.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { RESOURCE_RULES } from '../support/resource-rules.ts';

const TITLE = 'a key that was added less than a second ago, at a node that read its client before';
const { shapes } = DIALECTS.smartcar;
const SECRET = 'a-secret-of-the-client';
const OLD_LINE = createKeyLines(1, CREATED_AT);
const OLD_RING = parseKeyRing(OLD_LINE);
const NEW_RING = parseKeyRing(`${OLD_LINE}\n${createKeyLine(5, 'seal', CREATED_AT)}`);
const SENDER = { clientId: 'client-a', clientSecret: SECRET, brand: 'kia', idempotencyKey: undefined };

/** A node that has read its client before another node registered the second key. */
const openNode = async ({ url, ask: askDatabase }: Cluster, ringOnDisk = NEW_RING) => {
  // For this node, no time passes.
  const store = await openPostgresStore(url(), { now: () => 0 });
  await askDatabase('DELETE FROM keys');
  await store.removeClient('client-a', { withGrants: true });
  await store.createClient(sampleClient({ secrets: [sampleSecret('a', { digest: digestSecret(SECRET) })] }));
  await store.createGrant(sampleGrant({ keyNumber: 5 }));
  await store.createCode(sampleCode({ grantId: 43n }));
  let ring = OLD_RING;
  const context = {
    store,
    authentication: createAuthentication(store, () => {}),
    get keyRing() {
      return ring;
    },
    noticeKeys(registered: readonly RegisteredKey[]) {
      const newest = Math.max(0, ...registered.map(({ number }) => number));
      if (newest > ring.newestNumber) ring = ringOnDisk;
      return newest > ring.newestNumber;
    },
    nextSerial: () => 0,
    issuer: '',
    clock: () => NOW_MS,
    doubt: () => undefined,
    randomness: testRandomness,
    emit: () => {},
  };
  const endpoints = createEndpoints(context, [createResourceServerRoutes(context, RESOURCE_RULES)]);
  await store.readClient('client-a');
  const other = await openPostgresStore(url());
  await other.registerKey({ number: 5, purpose: 'seal', createdAtMs: CREATED_AT_MS, fingerprint: 'second' });
  await other.close();
  const ask = (path: string, token: string) => {
    const basic = Buffer.from(`${SENDER.clientId}:${SECRET}`).toString('base64');
    const headers = {
      authorization: `Basic ${basic}`,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const body = Buffer.from(new URLSearchParams({ token }).toString());
    return endpoints.respond({ method: 'POST', path, query: '', headers, body }, CALLER);
  };
  return { store, endpoints, ask };
};

const REFRESH_TOKEN = sealRefreshToken(NEW_RING.seal.active, shapes.refreshToken, 42n, 0);
const ACCESS_TOKEN = sealAccessToken(NEW_RING.seal.active, shapes.accessToken, {
  grantId: 42n,
  issuedAt: NOW_MS / 1000,
  serial: 0,
});
const CODE = sealCode(NEW_RING.seal.active, shapes.code, { grantId: 43n, issuedAt: NOW_MS / 1000 });

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describe(TITLE, () => {
    const refresh = writeRefresh.smartcar({ ...SENDER, refreshToken: REFRESH_TOKEN });

    void test('a refresh token that it sealed works', async () => {
      const { store, endpoints } = await openNode(cluster);
      assert.equal(readAnswer.smartcar(await endpoints.respond(refresh, CALLER)).kind, 'granted');
      await store.close();
    });

    void test('a refresh token that it sealed is an outage while the ring lacks it', async () => {
      const { store, endpoints } = await openNode(cluster, OLD_RING);
      assert.equal(readAnswer.smartcar(await endpoints.respond(refresh, CALLER)).kind, 'outage');
      await store.close();
    });

    void test('a code that it sealed works', async () => {
      const { store, endpoints } = await openNode(cluster);
      const words = { ...SENDER, code: CODE, redirectUri: SAMPLE_REDIRECT_URI, codeVerifier: undefined };
      const answer = await endpoints.respond(writeExchange.smartcar(words), CALLER);
      assert.equal(readAnswer.smartcar(answer).kind, 'granted');
      await store.close();
    });

    for (const [what, token] of Object.entries({ refresh: REFRESH_TOKEN, access: ACCESS_TOKEN }))
      void test(`the ${what} token that it sealed is active`, async () => {
        const { store, ask } = await openNode(cluster);
        const { body } = await ask('/oauth/introspect', token);
        assert.equal((JSON.parse(body) as { readonly active: boolean }).active, true);
        await store.close();
      });

    void test('a refresh token that it sealed revokes its grant', async () => {
      const { store, ask } = await openNode(cluster);
      assert.equal((await ask('/oauth/revoke', REFRESH_TOKEN)).status, 200);
      assert.equal((await store.readGrant(42n))?.revocation?.cause, 'client');
      await store.close();
    });
  });
}
