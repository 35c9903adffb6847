import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { openDeployment, parseConfig } from '@keyfob/server';
import { createPushingApp, formOf, PUSHED_REDIRECT_URI } from '../connect/pushing-app.ts';
import { makeClientKey } from '../support/assertion.ts';
import { createDpopKey } from '../support/dpop-key.ts';
import { runKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { makeClient } from '../support/make-client.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { directoryFor, serverFor } from '../support/test-directory.ts';

const PUBLIC_URL = 'https://id.example';
const TITLE = 'two nodes serve one client of FAPI 2.0, and one of them is killed';

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  test(TITLE, (t) => tryNodes(t, cluster));
}

/** Sends what is for the public URL to one node, as a load balancer does. */
const sendTo = ({ url: node }: KeyfobServer): typeof fetch =>
  ((url: string, init?: RequestInit) => fetch(url.replace(PUBLIC_URL, node), init)) as typeof fetch;

async function tryNodes(t: TestContext, { url, ask }: Cluster): Promise<void> {
  const keyFile = join(directoryFor(t), 'shared.key');
  writeFileSync(keyFile, (await runKeyfob(['keys', 'create'])).stdout, { mode: 0o600 });
  const environment = {
    KEYFOB_STORE: url(),
    KEYFOB_KEY_FILE: keyFile,
    KEYFOB_PUBLIC_URL: PUBLIC_URL,
    KEYFOB_DEMO: 'true',
  };
  const serve = (): Promise<KeyfobServer> => serverFor(t, { environment });
  const nodes = [await serve(), await serve()] as const;
  const [a, b] = nodes.map((node) =>
    createPushingApp({ url: PUBLIC_URL, nowMs: Date.now, send: sendTo(node) }),
  );
  assert.ok(a !== undefined && b !== undefined);

  const deployment = await openDeployment(parseConfig({ flags: { store: url(), keyFile } }));
  t.after(() => deployment.close());
  const key = makeClientKey('one');
  const { client } = await makeClient(deployment, {
    dialect: 'oauth',
    name: 'planner',
    redirectUris: [PUSHED_REDIRECT_URI],
    jwks: { keys: [key.jwk] },
    policy: {
      profile: 'fapi2',
      clientAuthentication: 'private_key_jwt',
      senderConstraint: 'dpop',
      simulatedOwners: true,
      grantScope: 'read_odometer',
    },
  });
  const keyed = { clientId: client.id, key };
  const prover = createDpopKey(() => Math.floor(Date.now() / 1000));
  const count = async (): Promise<number | undefined> =>
    (await ask<{ n: number }>('SELECT count(*)::integer AS n FROM used_once'))[0]?.n;

  await t.test('A nonce of one node is good at the other, in both directions.', async () => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const { response } = await from.sendProved('/oauth/par', from.pushForm(keyed), prover);
      const nonce = response.headers.get('dpop-nonce') ?? assert.fail();
      const pushed = await to.sendProved('/oauth/par', to.pushForm(keyed), prover, nonce);
      assert.equal(pushed.response.status, 201, JSON.stringify(pushed.body));
    }
  });

  await t.test('An assertion or a proof that one node has seen is refused by the other.', async () => {
    const nonceOf = async () =>
      (await a.sendProved('/oauth/par', a.pushForm(keyed), prover)).response.headers.get('dpop-nonce') ??
      assert.fail();
    const form = a.pushForm(keyed);
    assert.equal((await a.sendProved('/oauth/par', form, prover, await nonceOf())).response.status, 201);
    const again = await b.sendProved('/oauth/par', form, prover, await nonceOf());
    assert.deepEqual([again.response.status, again.body['error']], [401, 'invalid_client']);

    const nonce = await nonceOf();
    const once = { ...prover, prove: () => proof };
    const proof = prover.prove(`${PUBLIC_URL}/oauth/par`, { nonce });
    assert.equal((await a.sendProved('/oauth/par', a.pushForm(keyed), once)).response.status, 201);
    const { response, body } = await b.sendProved('/oauth/par', b.pushForm(keyed), once);
    assert.deepEqual([response.status, body['error']], [400, 'invalid_dpop_proof']);
  });

  await t.test('Forged assertions leave nothing in the database.', async () => {
    const before = await count();
    const forger = { clientId: client.id, key: makeClientKey('one') };
    for (let times = 0; times < 6; times++)
      assert.equal((await (times % 2 === 0 ? a : b).push(forger))[1]['error'], 'invalid_client');
    assert.equal(await count(), before);
  });

  await t.test(
    'The other node goes on with a request whose node was killed, and with its tokens.',
    async () => {
      const { response, body } = await a.postProved('/oauth/par', () => a.pushForm(keyed), prover);
      assert.equal(response.status, 201);
      await nodes[0].kill();
      const code = await b.agree(keyed, String(body['request_uri']));
      const tokens = (await b.postProved('/token', () => b.redeemForm(keyed, code), prover)).body;
      assert.equal(tokens['token_type'], 'DPoP', JSON.stringify(tokens));
      const refresh = () =>
        formOf({
          grant_type: 'refresh_token',
          refresh_token: String(tokens['refresh_token']),
          ...b.authenticated(keyed),
        });
      const refreshed = await b.postProved('/token', refresh, prover);
      assert.equal(refreshed.response.status, 200, JSON.stringify(refreshed.body));
    },
  );
}
