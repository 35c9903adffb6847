import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { StoreError } from '@keyfob/server/errors';
import type { Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { NOW_MS, sampleClient, sampleGrant, sampleUse, STRICT_POLICY } from '../support/samples.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import { PATIENT } from '../support/postgres/patience.ts';

const GRANTS = 60;
const KILLS = 3;
/** How many refreshes are answered between two kills. */
const ANSWERS = 1500;

/** What a client of one grant remembers: its newest token, and whether its last use has an unknown outcome. */
type Holder = { readonly id: bigint; generation: number; isRetry: boolean };

const cluster = await startCluster();
if ('reason' in cluster) test('PostgreSQL killed under load', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  test('PostgreSQL that is killed under load loses no answered refresh, and no server has to be restarted.', async (t) => {
    const node = await openPostgresStore(cluster.url(), { limits: PATIENT });
    const nodes = [node, await openPostgresStore(cluster.url(), { limits: PATIENT })];
    t.after(() => Promise.all(nodes.map((one) => one.close())));
    await node.createClient(sampleClient({ policy: STRICT_POLICY }));
    const holders = Array.from({ length: GRANTS }, (_, id): Holder => ({
      id: BigInt(id),
      generation: 0,
      isRetry: false,
    }));
    await Promise.all(holders.map(({ id }) => node.createGrant(sampleGrant({ id }))));
    const load = { isOver: false, answers: 0, failures: 0, onAnswer: (): unknown => undefined };
    const running = holders.map(async (holder, index) => {
      while (!load.isOver) await useOnce(nodes[index % nodes.length] as Store, holder, load);
    });
    const answered = (count: number): Promise<void> =>
      new Promise((resolve) => {
        const enough = load.answers + count;
        load.onAnswer = () => load.answers >= enough && resolve();
      });
    const killAgainAndAgain = async (): Promise<void> => {
      for (let kill = 0; kill < KILLS; kill++) {
        await answered(ANSWERS);
        await cluster.kill();
        await cluster.start();
      }
      await answered(ANSWERS);
    };
    try {
      await Promise.race([killAgainAndAgain(), ...running]);
    } finally {
      load.isOver = true;
      await Promise.allSettled(running);
    }
    await Promise.all(running);
    assert.ok(load.failures > 0, 'no kill was noticed');
    for (const { id, generation, isRetry } of holders) {
      const grant = await node.readGrant(id);
      assert.equal(grant?.revocation, undefined);
      const left = [generation, ...(isRetry ? [generation + 1] : [])];
      assert.ok(
        left.includes(grant?.generation ?? -1),
        `grant ${id} has ${grant?.generation}, of ${left.join(', ')}`,
      );
    }
  });
}

/** One use by an honest client, which remembers answers and retries unknown outcomes. */
async function useOnce(
  store: Store,
  holder: Holder,
  load: { answers: number; failures: number; onAnswer: () => unknown },
): Promise<void> {
  try {
    const use = sampleUse(holder.generation, {
      nowMs: NOW_MS + load.answers,
      presented: { grantId: holder.id, isRetryOfOurs: holder.isRetry },
    });
    const result = await store.refresh(use);
    assert.ok(result !== 'client_gone');
    assert.ok(
      result.verdict.kind === 'rotate' || (holder.isRetry && result.verdict.kind === 'repeat'),
      result.verdict.kind,
    );
    assert.equal(result.grant?.generation, holder.generation + 1);
    holder.generation++;
    holder.isRetry = false;
    load.answers++;
    load.onAnswer();
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    load.failures++;
    // `unavailable` means that nothing changed; only an unknown outcome may have changed something.
    holder.isRetry ||= error.kind === 'outcome_unknown';
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
