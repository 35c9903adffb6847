import { after, test } from 'node:test';
import { startCluster } from '../support/postgres/cluster.ts';
import { startPooler } from '../support/postgres/pooler.ts';
import { createPostgresFactory } from './postgres-factory.ts';
import { describeStore } from './store-contract.ts';

const NAME = 'PostgreSQL behind PgBouncer';
const TITLE = `the contract of a store: ${NAME}`;

const cluster = await startCluster();

if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  const pooler = await startPooler(cluster.port);
  if ('reason' in pooler) test(TITLE, { skip: pooler.reason }, () => {});
  else {
    after(() => pooler.remove());
    describeStore(NAME, createPostgresFactory(cluster, pooler.port));
  }
}
