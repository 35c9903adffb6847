import type { Store } from '@keyfob/server/stores';
import { CLIENT_CACHE_MS, openPostgresStore } from '@keyfob/server/stores/postgres';
import type { Cluster } from '../support/postgres/cluster.ts';
import { createProcess, injectFaults, verbsOf } from './fault-injected-store.ts';
import type { Process } from './fault-injected-store.ts';
import { runAtOnce } from '../support/memory-store/store.ts';
import { openContent, restored } from './postgres-content.ts';
import type { ContentAccess } from './postgres-content.ts';
import type { SimulatedStore, StoreBackend, Surroundings } from './simulated-store.ts';

/**
 * Answers get lost outside of the stores here, so each node has answered all its uses, and says so in a moment that the
 * virtual clock waits for. (packages/trials/nodes/unanswered.test.ts tries nodes that leave uses unanswered.)
 */
const NODE = { epochMs: 1, leaseMs: 600_000, attemptsMax: 10_000 };

/** A database with a store in it, used by one simulation after another. */
type Database = { readonly url: string; readonly store: Store; readonly content: ContentAccess };

/**
 * Simulations on PostgreSQL. Makes two databases, one for simulations and one for rehearsals. `staleMs`: for how long a
 * node uses what it knows of a client, by the virtual clock.
 */
export const openPostgresBackend = async (
  cluster: Cluster,
  staleMs = CLIENT_CACHE_MS,
): Promise<StoreBackend> => {
  const [simulated, rehearsed] = [
    await openDatabase(cluster, 'simulated'),
    await openDatabase(cluster, 'rehearsed'),
  ];
  return {
    async openStore(surroundings) {
      await simulated.content.write(new Map());
      return createSimulated(simulated, rehearsed, { ...surroundings, staleMs });
    },
    async close() {
      for (const { store, content } of [simulated, rehearsed]) {
        await content.close();
        await store.close();
      }
    },
  };
};

const openDatabase = async (cluster: Cluster, name: string): Promise<Database> => {
  // Another backend on this cluster may have created it.
  const there = await cluster.ask(`SELECT FROM pg_database WHERE datname = '${name}'`);
  if (there.length === 0) await cluster.createDatabase(name);
  const url = cluster.url(name);
  return {
    url,
    store: await openPostgresStore(url, { clientCacheMs: 0, node: NODE }),
    content: await openContent(url),
  };
};

const createSimulated = (
  { url, store, content }: Database,
  rehearsed: Database,
  surroundings: Surroundings & { readonly staleMs: number },
): SimulatedStore => {
  const { schedule, staleMs } = surroundings;
  const verbs = verbsOf(store);
  const open = () =>
    openPostgresStore(url, { clientCacheMs: staleMs, now: () => schedule.nowMs(), node: NODE });
  const processes: Process[] = [];
  // Stays open for the next simulation.
  const outside = { connect: async () => store, disconnect: async () => {} };
  const own = injectFaults(verbs, outside, { ...surroundings, run: runAtOnce });
  return {
    ...own,
    staleMs,
    through(run) {
      const process = createProcess(open);
      processes.push(process);
      return injectFaults(verbs, process, { ...surroundings, run });
    },
    peek: (id) => own.readGrant(id),
    backUp: () => schedule.standStill(backUp(content, schedule)),
    async copy() {
      await rehearsed.content.write(await content.read());
      return createSimulated(rehearsed, rehearsed, surroundings);
    },
    async close() {
      await Promise.all(processes.map((process) => process.disconnect()));
    },
  };
};

const backUp = async (
  access: ContentAccess,
  { standStill }: Surroundings['schedule'],
): ReturnType<SimulatedStore['backUp']> => {
  const content = await access.read();
  return {
    content,
    load: () => standStill(access.write(content)),
    failOver: () =>
      standStill(
        access.read().then((now) => access.write(new Map([...content, ['keys', now.get('keys') ?? []]]))),
      ),
    restore: () => standStill(access.read().then((now) => access.write(restored(now, content)))),
  };
};
