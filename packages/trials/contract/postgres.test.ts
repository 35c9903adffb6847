import { after, test } from 'node:test';
import { openPostgresStore } from 'keyfob/stores/postgres/store';
import { startCluster } from '../postgres/cluster.ts';
import { describeStore } from './store-contract.ts';

const cluster = await startCluster();

if ('reason' in cluster) test('the contract of a store: PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  const url = cluster.url();
  const tables = [
    'clients',
    'keys',
    'grants',
    'replays',
    'codes',
    'covered_vehicles',
    'consents',
    'imported_tokens',
    'facts',
    'webhooks',
    'deliveries',
  ];
  // What the contract says of two connections holds for the next reading, so none goes by what it knew.
  const open = () => openPostgresStore(url, { clientsFreshMs: 0 });
  describeStore('PostgreSQL', {
    async open() {
      const store = await open();
      await cluster.ask(tables.map((table) => `DELETE FROM ${table}`).join(';'));
      return store;
    },
    reopen: open,
    openSecond: open,
  });
}
