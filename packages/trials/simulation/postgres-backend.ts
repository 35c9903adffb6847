import type { Store } from '@keyfob/server/stores';
import { CLIENT_CACHE_MS, openPostgresStore } from '@keyfob/server/stores/postgres';
import type { Cluster } from '../support/postgres/cluster.ts';
import { conducted, createProcess, verbsOf } from './fault-injected-store.ts';
import type { Process } from './fault-injected-store.ts';
import type { Keeping } from './store-backend.ts';
import { runAtOnce } from '../support/memory-store/store.ts';
import { openContent, restored } from './postgres-content.ts';
import type { ContentAccess } from './postgres-content.ts';
import type { SimulatedStore, Surroundings } from './simulated-store.ts';

/**
 * Answers are lost outside the stores here, so each node answers everything it issues, and reports it while the virtual
 * clock waits. (`packages/trials/nodes/unanswered.test.ts` tests uses that a node did not answer.)
 */
const NODE = { epochMs: 1, leaseMs: 600_000, attemptsMax: 10_000 };

/** A database with a store in it, used by one simulation after another. */
type Database = { readonly url: string; readonly store: Store; readonly content: ContentAccess };

/**
 * Creates two databases, one for the simulation and one for copies of it. `staleMs`: how long a node uses what it has read
 * of a client, by the virtual clock.
 */
export const keepInPostgres = async (cluster: Cluster, staleMs = CLIENT_CACHE_MS): Promise<Keeping> => {
  const [lived, tried] = [await openDatabase(cluster, 'lived'), await openDatabase(cluster, 'tried')];
  return {
    async keep(surroundings) {
      await lived.content.write(new Map());
      return createSimulated(lived, tried, { ...surroundings, staleMs });
    },
    async close() {
      for (const { store, content } of [lived, tried]) {
        await content.close();
        await store.close();
      }
    },
  };
};

const openDatabase = async (cluster: Cluster, name: string): Promise<Database> => {
  // Another keeping on this cluster may have made it.
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
  tried: Database,
  surroundings: Surroundings & { readonly staleMs: number },
): SimulatedStore => {
  const { schedule, staleMs } = surroundings;
  const verbs = verbsOf(store);
  const open = () =>
    openPostgresStore(url, { clientCacheMs: staleMs, now: () => schedule.nowMs(), node: NODE });
  const processes: Process[] = [];
  // Stays open for the next simulation.
  const outside = { connect: async () => store, disconnect: async () => {} };
  const own = conducted(verbs, outside, { ...surroundings, conduct: runAtOnce });
  return {
    ...own,
    staleMs,
    through(conduct) {
      const process = createProcess(open);
      processes.push(process);
      return conducted(verbs, process, { ...surroundings, conduct });
    },
    look: (id) => own.readGrant(id),
    backUp: () => schedule.standStill(backUp(content, schedule)),
    async copy() {
      await tried.content.write(await content.read());
      return createSimulated(tried, tried, surroundings);
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
