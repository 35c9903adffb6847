import assert from 'node:assert/strict';
import { Client } from 'pg';
import {
  fill,
  NOW_MS,
  OVERLAP_POLICY,
  redeemed,
  sampleCode,
  sampleCodeUse,
  sampleUse,
  STRICT_POLICY,
} from '../support/samples.ts';
import { REFRESH } from './refresh-bytes.ts';
import {
  COMMIT,
  describeNodes,
  isFailure,
  isMarked,
  isRepeat,
  isReplay,
  LATER_MS,
  lose,
  loseRefresh,
  NEVER_MS,
  readGeneration,
  until,
  untilAvailable,
} from './two-nodes.ts';
import type { Nodes } from './two-nodes.ts';

await describeNodes('uses that another node did not answer', (onNodes) => {
  for (const [name, policy, nowMs] of [
    ['strict, at once', STRICT_POLICY, NOW_MS + 10],
    ['strict, an hour later', STRICT_POLICY, LATER_MS],
    ['overlap, an hour later', OVERLAP_POLICY, LATER_MS],
  ] as const) {
    const retry = sampleUse(0, { nowMs });
    onNodes(
      `A use that one node answered 503 is a 503 at another, and is answered once the first is back: ${name}.`,
      {},
      async (nodes) => {
        const { a, b, read } = nodes;
        await fill(a.store, policy);
        await loseRefresh(nodes);
        for (let times = 0; times < 3; times++)
          await assert.rejects(async () => b.store.refresh(retry), isFailure('unavailable'));
        a.proxy.refuse(false);
        await isRepeat(nodes, retry);
        await isReplay(b.store, nowMs + 3_600_000);
        await until(() => read('SELECT count(*)::integer FROM nodes WHERE awaited_since_ms > 0'), 0);
      },
    );

    onNodes(
      `A use whose node is cut off for longer than the lease is answered by another: ${name}.`,
      { leaseMs: 0 },
      async (nodes) => {
        const { a, b, read } = nodes;
        await fill(a.store, policy);
        await loseRefresh(nodes);
        await isRepeat(nodes, retry);
        // The row shows that the other node answers, so the first one has nothing to mark when it is back.
        a.proxy.refuse(false);
        await until(() => read('SELECT count(*)::integer FROM nodes WHERE awaited_since_ms > 0'), 0);
        await isReplay(b.store, nowMs + 3_600_000);
      },
    );
  }

  const ownRetry = sampleUse(0, { nowMs: LATER_MS, presented: { isRetryOfOurs: true } });

  onNodes('A use that its own node repeats is over at every node.', {}, async (nodes) => {
    const { a, b } = nodes;
    await fill(a.store, STRICT_POLICY);
    await loseRefresh(nodes);
    a.proxy.refuse(false);
    await isMarked(nodes);
    await isRepeat(nodes, ownRetry, a);
    await isReplay(b.store);
  });

  onNodes(
    'A use that its own node repeats before it has reported is over at every node.',
    { epochMs: NEVER_MS },
    async (nodes) => {
      const { a, b } = nodes;
      await fill(a.store, STRICT_POLICY);
      await loseRefresh(nodes);
      a.proxy.refuse(false);
      await isRepeat(nodes, ownRetry, a);
      await a.store.close();
      await isReplay(b.store);
    },
  );

  onNodes('A use that its own node repeats while it reports is over at every node.', {}, async (nodes) => {
    const { a, b, read, url } = nodes;
    const waiting = () =>
      read("SELECT count(*)::integer FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    await fill(a.store, STRICT_POLICY);
    await loseRefresh(nodes);
    const holder = new Client({ connectionString: url });
    await holder.connect();
    await holder.query('BEGIN; SELECT id FROM grants WHERE id = 42 FOR UPDATE');
    a.proxy.refuse(false);
    await until(waiting, 1);
    const repeated = isRepeat(nodes, ownRetry, a);
    const bothWait = async (): Promise<void> => {
      while ((await waiting()) === 1);
    };
    await Promise.race([repeated, bothWait()]);
    await holder.query('ROLLBACK');
    await holder.end();
    await repeated;
    while ((await read('SELECT reported_epoch::integer FROM nodes')) === 0);
    await isReplay(b.store);
  });

  onNodes('A statement that reaches the database late does not count as an answer.', {}, async (nodes) => {
    const { a } = nodes;
    await fill(a.store, STRICT_POLICY);
    await a.store.readClient('client-a');
    void a.proxy.fail('late', ...REFRESH).then(() => a.proxy.refuse(true));
    await assert.rejects(async () => a.store.refresh(sampleUse(0)), isFailure('outcome_unknown'));
    assert.equal(await readGeneration(nodes), 0);
    a.proxy.refuse(false);
    await isMarked(nodes);
    await a.proxy.deliver();
    await isRepeat(nodes, sampleUse(0, { nowMs: LATER_MS }));
  });

  const codeUse = sampleCodeUse({ presented: { grantId: 7n } });
  /** Too late for a page that is loaded again. */
  const secondUse = { ...codeUse, nowMs: codeUse.nowMs + 60_000 };
  const loseCode = async ({ a, read }: Nodes): Promise<void> => {
    await fill(a.store);
    await a.store.createCode(sampleCode({ grantId: 7n }));
    const isMade = async () => (await read('SELECT count(*)::integer FROM grants WHERE id = 7')) === 1;
    await lose(a, COMMIT, () => a.store.redeemCode(codeUse), isMade);
  };

  onNodes('A code whose node did not answer is exchanged once at another.', {}, async (nodes) => {
    const { a, b } = nodes;
    await loseCode(nodes);
    for (let times = 0; times < 3; times++)
      await assert.rejects(b.store.redeemCode(codeUse), isFailure('unavailable'));
    a.proxy.refuse(false);
    const { verdict, grant } = await untilAvailable(() => redeemed(b.store, codeUse));
    assert.deepEqual([verdict.kind, grant?.generation, grant?.revocation], ['repeat', 0, undefined]);
    const replay = await redeemed(b.store, secondUse);
    assert.deepEqual([replay.verdict.kind, replay.grant?.revocation?.cause], ['replay', 'code_replay']);
  });

  onNodes('A code whose node is lost is exchanged once at another.', { leaseMs: 0 }, async (nodes) => {
    await loseCode(nodes);
    assert.equal((await redeemed(nodes.b.store, codeUse)).verdict.kind, 'repeat');
    assert.equal((await redeemed(nodes.b.store, secondUse)).verdict.kind, 'replay');
  });
});
