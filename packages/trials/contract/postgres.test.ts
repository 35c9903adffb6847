import { after, test } from 'node:test';
import { startCluster } from '../postgres/cluster.ts';
import { createPostgresFactory } from './postgres-factory.ts';
import { describeStore } from './store-contract.ts';

const cluster = await startCluster();

if ('reason' in cluster) test('the contract of a store: PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describeStore('PostgreSQL', createPostgresFactory(cluster));
}
