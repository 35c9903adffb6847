import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { grantFor, serverFor } from '../support/test-directory.ts';

/** Enough refreshes for a checkpoint, however many of them share a page. */
const REFRESHES_A_GRANT = 800;
const GRANTS = 8;
const LOG_MAX_BYTES = 17 * 1024 * 1024;

type Chain = { readonly client: MadeClient; refreshToken: string };

const makeChains = async (server: KeyfobServer): Promise<readonly Chain[]> => {
  const { client, grant } = await grantFor(server, 'smartcar');
  const chains: Chain[] = [{ client, refreshToken: grant.refreshToken }];
  while (chains.length < GRANTS) {
    const words = ['grant', 'create', '--client', client.clientId, '--subject', `owner-${chains.length}`];
    const made = await server.command<MadeGrant>(...words);
    chains.push({ client, refreshToken: made.refreshToken });
  }
  return chains;
};

/** Refreshes each grant `times` times, all grants at the same time. */
const refreshAll = async (server: KeyfobServer, chains: readonly Chain[], times: number): Promise<void> => {
  await Promise.all(
    chains.map(async (chain) => {
      for (let time = 0; time < times; time++) {
        const answer = await refreshSmartcar(server.url, chain.client, chain.refreshToken);
        assert.equal(answer.status, 200, answer.text);
        chain.refreshToken = answer.refreshToken;
      }
    }),
  );
};

const loaded = async (t: TestContext) => {
  const server = await serverFor(t);
  const chains = await makeChains(server);
  await refreshAll(server, chains, REFRESHES_A_GRANT);
  return { server, chains };
};

describe('Checkpoints, after some thousands of refreshes', () => {
  test('a killed server has lost nothing that it acknowledged', async (t) => {
    const { server, chains } = await loaded(t);
    await server.kill();
    const again = await startKeyfob({ dataDirectory: server.dataDirectory });
    t.after(() => again.stop());
    await refreshAll(again, chains, 1);
  });

  test('a server that cannot start the checkpoint thread runs without it', async (t) => {
    const first = await serverFor(t);
    const chains = await makeChains(first);
    await first.stop();
    const nodeArgs = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*'];
    const server = await startKeyfob({ dataDirectory: first.dataDirectory, nodeArgs });
    t.after(() => server.stop());
    await refreshAll(server, chains, REFRESHES_A_GRANT);
    assert.equal(await server.stop(), 0);
  });

  test('the log stays within its limit, and a stopped server exits with 0 and leaves no log', async (t) => {
    const { server } = await loaded(t);
    const log = join(server.dataDirectory, 'keyfob.db-wal');
    assert.ok(statSync(log).size < LOG_MAX_BYTES);
    assert.equal(await server.stop(), 0);
    assert.equal(statSync(log, { throwIfNoEntry: false }), undefined);
  });
});
