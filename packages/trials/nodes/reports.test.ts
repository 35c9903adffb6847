import assert from 'node:assert/strict';
import {
  fill,
  NOW_MS,
  redeemed,
  refreshed,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleUse,
  STRICT_POLICY,
} from '../support/samples.ts';
import { REFRESH } from './refresh-bytes.ts';
import {
  COMMIT,
  describeNodes,
  isFailure,
  isRepeat,
  isReplay,
  LATER_MS,
  loseRefresh,
  NEVER_MS,
  until,
} from './two-nodes.ts';
import type { Nodes } from './two-nodes.ts';

const DAY_MS = 86_400_000;
const RACE = { kind: 'refuse', reason: 'concurrent_use' } as const;
const RELOADED = { kind: 'refuse', reason: 'code_reloaded' } as const;
/** When the sample code is used too late for a page that is loaded again. */
const SECOND_MS = NOW_MS + 60_000;

await describeNodes('reports of nodes', (onNodes) => {
  onNodes(
    'A use that a node answered stays a race and then a replay: there at once, elsewhere after its report.',
    { epochMs: NEVER_MS },
    async ({ a, b, read }) => {
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      const [race, replay] = [sampleUse(0, { nowMs: NOW_MS + 10 }), sampleUse(0, { nowMs: LATER_MS })];
      assert.deepEqual((await refreshed(a.store, race)).verdict, RACE);
      for (const use of [race, replay])
        await assert.rejects(async () => b.store.refresh(use), isFailure('unavailable'));
      assert.equal(await read('SELECT count(*)::integer FROM grants WHERE revoked_at_ms > 0'), 0);
      await a.store.close();
      assert.deepEqual((await refreshed(b.store, race)).verdict, RACE);
      assert.equal((await refreshed(b.store, replay)).verdict.kind, 'replay');
    },
  );

  onNodes(
    'A code that a node answered is reloaded and then a replay: there at once, elsewhere after its report.',
    { epochMs: NEVER_MS },
    async ({ a, b }) => {
      await fill(a.store);
      for (const grantId of [7n, 8n]) await a.store.createCode(sampleCode({ grantId }));
      const [here, there] = [
        sampleCodeUse({ presented: { grantId: 7n } }),
        sampleCodeUse({ presented: { grantId: 8n } }),
      ];
      for (const use of [here, there]) assert.equal((await redeemed(a.store, use)).verdict.kind, 'redeem');
      assert.deepEqual((await redeemed(a.store, here)).verdict, RELOADED);
      assert.equal((await redeemed(a.store, { ...here, nowMs: SECOND_MS })).verdict.kind, 'replay');
      for (const nowMs of [there.nowMs, SECOND_MS])
        await assert.rejects(b.store.redeemCode({ ...there, nowMs }), isFailure('unavailable'));
      await a.store.close();
      assert.deepEqual((await redeemed(b.store, there)).verdict, RELOADED);
      assert.equal((await redeemed(b.store, { ...there, nowMs: SECOND_MS })).verdict.kind, 'replay');
    },
  );

  onNodes('A used token whose connection is cut is not a retry of an answered use.', {}, async (nodes) => {
    const { a } = nodes;
    await fill(a.store, STRICT_POLICY);
    await refreshed(a.store, sampleUse(0));
    const isCut = a.proxy.fail('cut_before', ...REFRESH);
    const { verdict, grant } = await refreshed(a.store, sampleUse(0, { nowMs: LATER_MS }));
    await isCut;
    assert.deepEqual([verdict.kind, grant?.revocation?.cause], ['replay', 'replay']);
  });

  onNodes('A used code whose connection is cut is not a retry of an answered use.', {}, async (nodes) => {
    const { a } = nodes;
    await fill(a.store);
    await a.store.createCode(sampleCode({ grantId: 7n }));
    const use = sampleCodeUse({ presented: { grantId: 7n } });
    assert.equal((await redeemed(a.store, use)).verdict.kind, 'redeem');
    const isCut = a.proxy.fail('cut_before', COMMIT);
    const { verdict, grant } = await redeemed(a.store, { ...use, nowMs: SECOND_MS });
    await isCut;
    assert.deepEqual([verdict.kind, grant?.revocation?.cause], ['replay', 'code_replay']);
  });

  onNodes(
    'A node waits for the report of another before it sends a client away.',
    { attemptsMax: NEVER_MS },
    async ({ a, b }) => {
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      assert.deepEqual((await refreshed(b.store, sampleUse(0, { nowMs: NOW_MS + 10 }))).verdict, RACE);
    },
  );

  onNodes(
    'An idle node has reported everything and writes nothing, however long ago it was seen.',
    { leaseMs: 0, attemptsMax: 1000 },
    async (nodes) => {
      const { a, b } = nodes;
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      await hasReported(nodes);
      const before = a.proxy.turns();
      await isReplay(b.store);
      assert.equal(a.proxy.turns(), before);
    },
  );

  onNodes(
    'A wait for a lost node begins again where the clock of the database was set back, and ends.',
    { epochMs: NEVER_MS, leaseMs: 50 },
    async (nodes) => {
      const { a, b, write } = nodes;
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      const retry = sampleUse(0, { nowMs: NOW_MS + 10 });
      await assert.rejects(async () => b.store.refresh(retry), isFailure('unavailable'));
      await write('UPDATE nodes SET awaited_since_ms = awaited_since_ms + 3600000');
      await isRepeat(nodes, retry);
    },
  );

  onNodes(
    'Grant events keep their order where the clock of the database was set back.',
    {},
    async ({ a, write }) => {
      await fill(a.store);
      await write('UPDATE grant_events SET sequence = sequence + 3600 * 8000000::bigint');
      const [before] = await a.store.listGrantEvents({ after: 0, limit: 10 });
      const { sequence: after = 0 } = before ?? {};
      for (const id of [43n, 44n]) await a.store.createGrant(sampleGrant({ id }));
      const later = await a.store.listGrantEvents({ after, limit: 10 });
      assert.deepEqual(
        later.map(({ grantId }) => grantId),
        [43n, 44n],
      );
    },
  );

  onNodes('A damaged client does not keep its node from reporting other uses.', {}, async (nodes) => {
    const { a, read, write } = nodes;
    await fill(a.store, STRICT_POLICY);
    await loseRefresh(nodes);
    await write("UPDATE clients SET policy = '[]', revision = revision + 1");
    a.proxy.refuse(false);
    await a.store.createClient(sampleClient({ id: 'client-z' }));
    await a.store.createGrant(sampleGrant({ id: 43n, clientId: 'client-z' }));
    await refreshed(a.store, sampleUse(0, { presented: { grantId: 43n, clientId: 'client-z' } }));
    const isReported = `SELECT issued_by % ${2n ** 35n} <= reported_epoch FROM grants, nodes
      WHERE id = 43 AND number = issued_by / ${2n ** 35n}`;
    await until(() => read(isReported), true);
  });

  onNodes(
    'A node that closes leaves no row, and a lost one is dropped after 400 days.',
    {},
    async ({ a, b, read, write }) => {
      await fill(a.store, STRICT_POLICY);
      await refreshed(a.store, sampleUse(0));
      await a.store.close();
      assert.equal(await read('SELECT count(*)::integer FROM nodes'), 0);
      for (const days of [399, 401])
        await write(
          `INSERT INTO nodes VALUES (${days}, 1, extract(epoch FROM now()) * 1000 - ${days * DAY_MS})`,
        );
      await b.store.prune({ limit: 10, endedBeforeMs: 0 });
      assert.equal(await read('SELECT string_agg(number::text, $$ $$) FROM nodes'), '399');
    },
  );
});

async function hasReported({ read }: Nodes): Promise<void> {
  while (Number(await read('SELECT max(reported_epoch)::integer FROM nodes')) === 0);
}
