import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { addSecret, openDeployment, parseConfig, readGrant } from '@keyfob/server';
import { digestSecret } from '@keyfob/server/clients';
import { DIALECTS as WIRES } from '@keyfob/server/dialects';
import { toMillis, toSeconds } from '@keyfob/server/grants';
import { sealCode } from '@keyfob/server/tokens';
import type { DialectName } from '../support/dialect-name.ts';
import { FAKE_CLOCK_MISSING, offsetClock } from '../support/fake-clock.ts';
import { runKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient } from '../support/keyfob-process.ts';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { probe } from '../support/metrics-request.ts';
import { DIALECTS, exchangeAs, refreshAs } from '../support/refresh-request.ts';
import type { Answer } from '../support/refresh-request.ts';
import { sampleSecret } from '../support/samples.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { directoryFor, serverFor } from '../support/test-directory.ts';

/** The second node is ahead of the first, and of the database, by more than the overlap and the race of any dialect. */
const OFFSETS = ['+0', '+70'] as const;
/** A moment that lies between the clock of the database and that of a node. */
const BETWEEN_SECONDS = 20;
const REDIRECT = 'https://app.example/callback';
const TITLE = 'two nodes whose clocks differ by 70 seconds';

const cluster = FAKE_CLOCK_MISSING === false ? await startCluster() : { reason: FAKE_CLOCK_MISSING };
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  test(TITLE, (t) => tryClocks(t, cluster));
}

/** Retries while the answer is 503, as a client does. */
const untilAnswered = async (ask: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
  }
};

async function tryClocks(t: TestContext, { url }: Cluster): Promise<void> {
  const keyFile = join(directoryFor(t), 'shared.key');
  writeFileSync(keyFile, (await runKeyfob(['keys', 'create'])).stdout, { mode: 0o600 });
  const environment = { KEYFOB_STORE: url(), KEYFOB_KEY_FILE: keyFile };
  const serve = (offset: string): Promise<KeyfobServer> =>
    serverFor(t, { args: ['--admin-port', '0'], environment: { ...environment, ...offsetClock(offset) } });
  const nodes = [await serve(OFFSETS[0]), await serve(OFFSETS[1])] as const;
  const deployment = await openDeployment(parseConfig({ flags: { store: url(), keyFile } }));
  t.after(() => deployment.close());

  const makeCredentials = async (dialect: DialectName): Promise<MadeClient> => {
    const wanted = { dialect, name: 'planner', redirectUris: [REDIRECT] };
    const { client, clientSecret } = await makeClient(deployment, wanted);
    return { clientId: client.id, clientSecret };
  };

  await t.test(
    'Both nodes are ready, and the one whose clock is not that of the database reports it.',
    async () => {
      for (const node of nodes) assert.equal(await probe(node, '/readyz'), '200 ready');
      const areSkewed = nodes.map((node) => node.log().includes('"clock.skewed"'));
      assert.deepEqual(areSkewed, [false, true]);
    },
  );

  for (const dialect of DIALECTS) {
    for (const [first, second] of [
      [0, 1],
      [1, 0],
    ] as const) {
      await t.test(
        `${dialect}: a first use at ${OFFSETS[first]} s and its retry at ${OFFSETS[second]} s end no grant.`,
        async () => {
          const client = await makeCredentials(dialect);
          const { grant, tokens } = await makeGrant(deployment, {
            clientId: client.clientId,
            subject: 'owner-1',
            scope: '',
            brand: undefined,
          });
          const refresh = (node: 0 | 1, token: string): Promise<Answer> =>
            untilAnswered(() => refreshAs[dialect](nodes[node].url, client, token));
          const { status, refreshToken } = await refresh(first, tokens.refreshToken);
          assert.equal(status, 200);
          const retry = await refresh(second, tokens.refreshToken);
          // A client that overlaps gets the same token; a strict one is refused, and its newest token goes on.
          if (dialect === 'smartcar') assert.equal(retry.refreshToken, refreshToken, retry.text);
          else assert.equal(retry.status, 400, retry.text);
          assert.equal((await refresh(second, refreshToken)).status, 200);
          assert.equal((await readGrant(deployment, grant.id))?.standing.status, 'active');
        },
      );
    }

    await t.test(`${dialect}: a code lasts as long at both nodes.`, async () => {
      const client = await makeCredentials(dialect);
      const exchange = async (node: KeyfobServer, ageSeconds: number): Promise<number> => {
        const grantId = deployment.randomness.bytes(8).readBigInt64BE();
        const issuedAt = toSeconds(deployment.clock()) - ageSeconds;
        const consent = { subject: 'owner-1', scope: '', brand: undefined, vehicles: [] };
        await deployment.store.createCode({
          ...consent,
          grantId,
          clientId: client.clientId,
          redirectUri: REDIRECT,
          codeChallenge: undefined,
          issuedAtMs: toMillis(issuedAt),
        });
        const code = sealCode(deployment.keyRing.seal.active, WIRES[dialect].shapes.code, {
          grantId,
          issuedAt,
        });
        const ask = (): Promise<Answer> => exchangeAs[dialect](node.url, client, code, REDIRECT);
        return (await untilAnswered(ask)).status;
      };
      for (const node of nodes) {
        assert.equal(await exchange(node, 600 - BETWEEN_SECONDS), 200);
        assert.equal(await exchange(node, 600 + BETWEEN_SECONDS), 400);
      }
    });

    await t.test(`${dialect}: a client secret lasts as long at both nodes.`, async () => {
      const { clientId, clientSecret } = await makeCredentials(dialect);
      const expiresInSeconds = BETWEEN_SECONDS;
      const added = await addSecret(deployment, { clientId, name: 'ending', expiresInSeconds });
      assert.ok(added.outcome === 'added');
      const expiresAtMs = deployment.clock() - toMillis(BETWEEN_SECONDS);
      const ended = sampleSecret('ended', { digest: digestSecret('ended'), expiresAtMs });
      await deployment.store.addSecret(clientId, ended);
      const { tokens } = await makeGrant(deployment, {
        clientId,
        subject: 'owner-1',
        scope: '',
        brand: undefined,
      });
      let { refreshToken } = tokens;
      for (const { url: node } of nodes) {
        const refresh = (secret: string): Promise<Answer> =>
          untilAnswered(() => refreshAs[dialect](node, { clientId, clientSecret: secret }, refreshToken));
        assert.ok([400, 401].includes((await refresh('ended')).status));
        const answer = await refresh(added.clientSecret);
        assert.equal(answer.status, 200, answer.text);
        ({ refreshToken } = await refreshAs[dialect](node, { clientId, clientSecret }, answer.refreshToken));
      }
    });
  }
}
