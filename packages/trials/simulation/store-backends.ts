import { startCluster } from '../support/postgres/cluster.ts';
import type { Keeping } from './store-backend.ts';
import { keepInMemory } from './memory-backend.ts';
import { keepInPostgres } from './postgres-backend.ts';
import { keepInSqlite } from './sqlite-backend.ts';

/** The stores that a simulation can be lived on. */
export const STORE_NAMES = ['memory', 'sqlite', 'postgres'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** A PostgreSQL of its own; a reason where none can run on this machine. */
const startPostgres = async (): Promise<Keeping | { readonly reason: string }> => {
  const cluster = await startCluster();
  if ('reason' in cluster) return cluster;
  const { keep, close } = await keepInPostgres(cluster);
  return {
    keep,
    async close() {
      await close();
      await cluster.remove();
    },
  };
};

/** Makes ready what simulations are lived on. */
export const KEEPINGS: Readonly<Record<StoreName, () => Promise<Keeping | { readonly reason: string }>>> = {
  memory: async () => ({ keep: keepInMemory, close: async () => {} }),
  sqlite: keepInSqlite,
  postgres: startPostgres,
};
