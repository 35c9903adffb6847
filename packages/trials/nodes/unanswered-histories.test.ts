import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { StoreError } from '@keyfob/server/errors';
import type { RefreshResult, Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { NOW_MS, OVERLAP_POLICY, refreshed, sampleClient, sampleGrant } from '../support/samples.ts';
import { sampleUse, STRICT_POLICY } from '../support/samples.ts';
import { createChance } from '../support/chance.ts';
import type { Chance } from '../support/chance.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../support/postgres/wire-proxy.ts';
import { REFRESH } from './refresh-bytes.ts';

type Nodes = readonly [TestNode, ...TestNode[]];

const GRANTS = 24;
const ANSWERS = 400;
/** Between two uses, so that no retry falls within an overlap or a race. */
const STEP_MS = 3_600_000;
/** A node, the uses that it will recognize as retries because they were not answered, and how many faults it had. */
type TestNode = {
  readonly store: Store;
  readonly proxy: WireProxy;
  readonly unanswered: Set<string>;
  faults: number;
  isAway: boolean;
};

/** What the client of a grant remembers. */
type Holder = { readonly id: bigint; readonly clientId: string; generation: number; nowMs: number };

const cluster = await startCluster();
const name =
  'Clients of three nodes that are cut off at any moment are never refused, and no token works twice.';
if ('reason' in cluster) test(name, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  test(name, async (t) => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
    t.diagnostic(`seed ${seed}`);
    await tryHistories(cluster, createChance(seed));
  });
}

async function tryHistories(database: Cluster, chance: Chance): Promise<void> {
  const nodes = [await openNode(database), await openNode(database), await openNode(database)] as const;
  const [{ store }] = nodes;
  for (const [id, policy] of [
    ['strict', STRICT_POLICY],
    ['overlap', OVERLAP_POLICY],
  ] as const)
    await store.createClient(sampleClient({ id, policy: { ...policy, onReplay: 'refuse' } }));
  const holders = Array.from({ length: GRANTS }, (_, index): Holder => {
    const clientId = index % 2 === 0 ? 'strict' : 'overlap';
    return { id: BigInt(index), clientId, generation: 0, nowMs: NOW_MS };
  });
  for (const { id, clientId } of holders) await store.createGrant(sampleGrant({ id, clientId }));
  const load = { answers: 0, unanswered: 0, denied: 0, isOver: false, onAnswer: (): void => {} };
  const driving = holders.map(async (holder) => {
    const own = chance.fork();
    while (!load.isOver) {
      await refreshOnce(nodes, holder, own, load);
      load.answers++;
      load.onAnswer();
      if (own.isTrue(1 / 3)) load.denied += await replayOnce(own.pick(nodes), holder);
    }
  });
  const untilAnswered = (count: number): Promise<void> => {
    const goal = load.answers + count;
    return new Promise((resolve) => {
      load.onAnswer = () => load.answers >= goal && resolve();
    });
  };
  const allDriven = Promise.all(driving).catch((error: unknown) => {
    load.isOver = true;
    throw error;
  });
  try {
    while (load.answers < ANSWERS)
      await Promise.race([injectFault(chance.pick(nodes), chance, untilAnswered), allDriven]);
    load.isOver = true;
    await allDriven;
  } finally {
    for (const { proxy } of nodes) proxy.refuse(false);
    for (const node of nodes) await node.store.close();
    for (const { proxy } of nodes) await proxy.close();
  }
  assert.ok(load.unanswered > 0 && load.denied > 0, JSON.stringify(load));
  const rows = await database.ask<{ id: string; generation: string }>('SELECT id, generation FROM grants');
  for (const { id, generation } of rows)
    assert.equal(Number(generation), holders.find((holder) => String(holder.id) === id)?.generation);
  assert.deepEqual(await database.ask('SELECT number FROM nodes'), []);
}

async function openNode({ port, url }: Cluster): Promise<TestNode> {
  const proxy = await openWireProxy(port);
  const store = await openPostgresStore(url('postgres', proxy.port), {
    limits: { answerTimeoutMs: 400, connectTimeoutMs: 400 },
    // No node counts as lost, however slow the machine is.
    node: { epochMs: 15, leaseMs: 2 ** 30 },
  });
  return { store, proxy, unanswered: new Set(), faults: 0, isAway: false };
}

/** An honest client presents its newest token at any node, until it is answered. */
async function refreshOnce(
  nodes: Nodes,
  holder: Holder,
  chance: Chance,
  load: { unanswered: number },
): Promise<void> {
  for (;;) {
    const node = chance.pick(nodes);
    const result = await present(node, holder, holder.generation);
    if (result === 'unknown') load.unanswered++;
    if (typeof result !== 'string') {
      const { verdict, grant } = result;
      assert.ok(verdict.kind === 'rotate' || verdict.kind === 'repeat', JSON.stringify(verdict));
      assert.equal(grant?.generation, holder.generation + 1);
      holder.generation++;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A thief presents the token that was answered last once more. Returns how often it was denied. */
async function replayOnce(node: TestNode, holder: Holder): Promise<number> {
  const { faults } = node;
  const token = holder.generation - 1;
  // A use that is cut off counts as a retry, and one that was not answered is a retry.
  if (node.unanswered.has(`${holder.id}.${token}`) || node.isAway) return 0;
  const result = await present(node, holder, token);
  if (typeof result === 'string' || node.faults !== faults) return 0;
  assert.equal(result.verdict.kind, 'replay', `${holder.clientId}: ${JSON.stringify(result.verdict)}`);
  return 1;
}

async function present(
  node: TestNode,
  holder: Holder,
  generation: number,
): Promise<RefreshResult | 'unavailable' | 'unknown'> {
  const { id: grantId, clientId } = holder;
  const token = `${grantId}.${generation}`;
  holder.nowMs += STEP_MS;
  const presented = { grantId, clientId };
  try {
    const result = await refreshed(node.store, sampleUse(generation, { nowMs: holder.nowMs, presented }));
    if (['rotate', 'repeat'].includes(result.verdict.kind)) node.unanswered.delete(token);
    return result;
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    if (error.kind === 'unavailable') return 'unavailable';
    node.unanswered.add(token);
    return 'unknown';
  }
}

/** Loses an answer of a node, or cuts the node off until clients of other nodes have got answers. */
async function injectFault(
  node: TestNode,
  chance: Chance,
  untilAnswered: (count: number) => Promise<void>,
): Promise<void> {
  const kind = chance.pick(['cut', 'cut_before', 'cut_after', 'hold', 'away', 'away'] as const);
  if (kind === 'cut_before' || kind === 'cut_after' || kind === 'hold') {
    void node.proxy.fail(kind, ...REFRESH).then(() => node.faults++);
    return untilAnswered(chance.integer(1, 10));
  }
  node.faults++;
  node.isAway = true;
  // In the middle of its statement.
  await Promise.race([node.proxy.fail('hold', ...REFRESH), untilAnswered(10)]);
  if (kind === 'cut') node.proxy.cut();
  else node.proxy.refuse(true);
  await untilAnswered(chance.integer(1, 30));
  node.proxy.refuse(false);
  node.isAway = false;
  node.faults++;
  await untilAnswered(chance.integer(1, 10));
}
