import type { Store } from '@keyfob/server/stores';
import { CLIENT_CACHE_MS, openPostgresStore } from '@keyfob/server/stores/postgres';
import type { Cluster } from '../support/postgres/cluster.ts';
import { createProcess, injectFaults, verbsOf } from './fault-injected-store.ts';
import type { Process } from './fault-injected-store.ts';
import { runAtOnce } from '../support/memory-store/store.ts';
import { openContent, restored } from './postgres-content.ts';
import type { ContentAccess } from './postgres-content.ts';
import type { SimulatedStore, StoreBackend, SimulationContext } from './simulated-store.ts';

/**
 * The simulation loses answers outside the stores, so each node has answered all its uses. It reports this while the
 * virtual clock waits. (packages/trials/nodes/unanswered.test.ts tests nodes that leave uses unanswered.)
 */
const NODE = { epochMs: 1, leaseMs: 600_000, attemptsMax: 10_000 };

/** A database with a store in it, used by one simulation after another. */
type Database = { readonly url: string; readonly store: Store; readonly content: ContentAccess };

/**
 * Opens a backend for simulations on PostgreSQL, with two databases: one for simulations and one for rehearsals.
 * `staleMs`: how long a node uses its cached copy of a client, by the virtual clock.
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
    async openStore(context) {
      await simulated.content.write(new Map());
      return createSimulated(simulated, rehearsed, { ...context, staleMs });
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
  context: SimulationContext & { readonly staleMs: number },
): SimulatedStore => {
  const { schedule, staleMs } = context;
  const verbs = verbsOf(store);
  const open = () =>
    openPostgresStore(url, { clientCacheMs: staleMs, now: () => schedule.nowMs(), node: NODE });
  const processes: Process[] = [];
  // This store stays open for the next simulation.
  const outside = { connect: async () => store, disconnect: async () => {} };
  const own = injectFaults(verbs, outside, { ...context, run: runAtOnce });
  return {
    ...own,
    staleMs,
    through(run) {
      const process = createProcess(open);
      processes.push(process);
      return injectFaults(verbs, process, { ...context, run });
    },
    peek: (id) => own.readGrant(id),
    backUp: () => schedule.stopClockDuring(backUp(content, schedule)),
    async copy() {
      await rehearsed.content.write(await content.read());
      return createSimulated(rehearsed, rehearsed, context);
    },
    async close() {
      await Promise.all(processes.map((process) => process.disconnect()));
    },
  };
};

const backUp = async (
  access: ContentAccess,
  { stopClockDuring }: SimulationContext['schedule'],
): ReturnType<SimulatedStore['backUp']> => {
  const content = await access.read();
  return {
    content,
    load: () => stopClockDuring(access.write(content)),
    failOver: () =>
      stopClockDuring(
        access.read().then((now) => access.write(new Map([...content, ['keys', now.get('keys') ?? []]]))),
      ),
    restore: () => stopClockDuring(access.read().then((now) => access.write(restored(now, content)))),
  };
};
