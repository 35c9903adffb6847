/** `@keyfob/server/stores/postgres`: the store for many nodes. Importing it loads the driver of PostgreSQL. */
export {
  CLIENT_CACHE_MS,
  inspectPostgresStore,
  migratePostgresStore,
  openPostgresStore,
} from '../stores/postgres/store.ts';
export type { PostgresOptions } from '../stores/postgres/store.ts';
export { migrate, readSchema } from '../stores/postgres/connection/migrations.ts';
export type { Migration } from '../stores/postgres/connection/migrations.ts';
export { openPostgresEndpoint } from '../stores/postgres/copy-endpoint.ts';

// Below the store, for tests of what it sends.
export { openConnections, POOL_LIMITS } from '../stores/postgres/connection/pool.ts';
export { advance } from '../stores/postgres/verbs/advance.ts';
