import { startCluster } from '../support/postgres/cluster.ts';
import { startPooler } from '../support/postgres/pooler.ts';
import { tryDriver } from './compare.ts';
import type { DriverResults } from './compare.ts';
import { nodePg } from './node-pg.ts';
import { postgresJs } from './postgres-js.ts';
import { renderTable } from './table.ts';

// Shows how both drivers behave when a connection fails, and through a pooler, for docs/decisions/0013-postgresql.md.
const isJson = process.argv.includes('--json');
const cluster = await startCluster();
if ('reason' in cluster) throw new Error(cluster.reason);
const pooler = await startPooler(cluster.port);
try {
  const [row] = await cluster.ask<{ server_version: string }>('SHOW server_version');
  const database = `PostgreSQL ${row?.server_version ?? 'of unknown version'}`;
  const between = 'reason' in pooler ? pooler.reason : `PgBouncer ${pooler.version} in transaction mode`;
  const drivers: DriverResults[] = [];
  for (const driver of [nodePg, postgresJs])
    drivers.push(await tryDriver(driver, cluster, 'reason' in pooler ? undefined : pooler));
  if (isJson) console.log(JSON.stringify({ database, pooler: between, drivers }, null, 2));
  else console.log(`${database}; pooler: ${between}.\n\n${renderTable(drivers)}`);
} finally {
  if (!('reason' in pooler)) await pooler.remove();
  await cluster.remove();
}
