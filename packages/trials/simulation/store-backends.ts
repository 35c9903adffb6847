import { startCluster } from '../support/postgres/cluster.ts';
import { openMemoryStore } from './memory-backend.ts';
import { openPostgresBackend } from './postgres-backend.ts';
import type { StoreBackend } from './simulated-store.ts';
import { openSqliteBackend } from './sqlite-backend.ts';

/** The stores that a simulation can run on. */
export const STORE_NAMES = ['memory', 'sqlite', 'postgres'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** Starts a separate PostgreSQL. Returns a reason if it cannot run on this machine. */
const startPostgres = async (): Promise<StoreBackend | { readonly reason: string }> => {
  const cluster = await startCluster();
  if ('reason' in cluster) return cluster;
  const { openStore, close } = await openPostgresBackend(cluster);
  return {
    openStore,
    async close() {
      await close();
      await cluster.remove();
    },
  };
};

/** Prepares a store for simulations. */
export const STORE_BACKENDS: Readonly<
  Record<StoreName, () => Promise<StoreBackend | { readonly reason: string }>>
> = {
  memory: async () => ({ openStore: openMemoryStore, close: async () => {} }),
  sqlite: openSqliteBackend,
  postgres: startPostgres,
};
