import { after, test } from 'node:test';
import { startCluster } from '../../support/postgres/cluster.ts';
import { startPooler } from '../../support/postgres/pooler.ts';
import { openPostgresFor } from './open-postgres.ts';
import { describeStore } from './store-contract.ts';

const cluster = await startCluster();

if ('reason' in cluster) test('the contract of a keeper on PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describeStore('PostgreSQL', openPostgresFor(cluster));
  const pooler = await startPooler(cluster.port);
  if ('reason' in pooler)
    test('the contract of a keeper behind PgBouncer', { skip: pooler.reason }, () => {});
  else {
    after(() => pooler.remove());
    describeStore('PostgreSQL behind PgBouncer', openPostgresFor(cluster, pooler.port));
  }
}
