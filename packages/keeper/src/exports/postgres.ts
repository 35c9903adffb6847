export { postgresStore } from '../stores/postgres/open.ts';
export type { PostgresStoreOptions } from '../stores/postgres/open.ts';
export type { PostgresLimits } from '../stores/postgres/connections.ts';
