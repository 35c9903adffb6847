import { openPostgresStore } from '@keyfob/server/stores/postgres';
import type { Cluster } from '../support/postgres/cluster.ts';
import { PATIENT } from '../support/postgres/patience.ts';
import type { StoreFactory } from './register.ts';

const TABLES = [
  'clients',
  'keys',
  'clock',
  'grants',
  'replays',
  'codes',
  'device_requests',
  'covered_vehicles',
  'covered_vins',
  'consents',
  'imported_tokens',
  'grant_events',
  'grant_event_vins',
  'webhooks',
  'deliveries',
  'delivery_attempts',
  'owner_sessions',
  'used_once',
  'running_nodes',
  'troubles',
  'operator_keys',
  'operator_sessions',
  'registration_tokens',
  'admin_writes',
  'audit',
  'audit_targets',
  'audit_head',
];

/** Opens stores in the first database of a cluster, through another port if a pooler is in between. */
export const createPostgresFactory = (cluster: Cluster, port = cluster.port): StoreFactory => {
  const url = cluster.url(undefined, port);
  // The contract expects a change to be visible to the next read of another connection, so nothing is cached.
  const open = () => openPostgresStore(url, { clientCacheMs: 0, limits: PATIENT });
  return {
    async open() {
      const store = await open();
      await cluster.ask(TABLES.map((table) => `DELETE FROM ${table}`).join(';'));
      return store;
    },
    reopen: open,
    openSecond: open,
  };
};
