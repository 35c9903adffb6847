import { systemClock } from '@keyfob/keeper';
import type { Store } from '@keyfob/keeper/stores';
import { postgresStore } from '@keyfob/keeper/stores/postgres';
import type { PostgresLimits } from '@keyfob/keeper/stores/postgres';
import type { Cluster } from '../../support/postgres/cluster.ts';
import type { Scope } from '../../support/test-directory.ts';
import { LINKS } from './rows.ts';
import type { OpenForContract } from './rows.ts';

/** Limits that no slow machine reaches, for trials of anything but the waiting itself. */
export const PATIENT: Partial<PostgresLimits> = { connectTimeoutMs: 60_000, statementTimeoutMs: 60_000 };

const TABLES = [
  'grants',
  'connections',
  'attempts',
  'answers',
  'clients',
  'events',
  'service_keys',
  'deliveries',
  'replaced_tokens',
  'consents',
];
const EMPTY = [
  ...TABLES.map((table) => `DELETE FROM keeper_${table}`),
  'UPDATE keeper_deployment SET key_check = NULL',
  'UPDATE keeper_counters SET pairs = 0',
].join(';');

/** A store on a database, closed when the test ends. */
export const openStoreFor = async (
  scope: Scope,
  url: string,
  limits: Partial<PostgresLimits> = PATIENT,
): Promise<Store> => {
  const store = await postgresStore(url, { limits })(systemClock);
  scope.after(() => store.close());
  return store;
};

/** Opens stores in the first database of a cluster, through another port if a pooler is in between. */
export const openPostgresFor =
  (cluster: Cluster, port = cluster.port): OpenForContract =>
  async (scope) => {
    const again = async (links = LINKS): Promise<Store> => {
      const opened = await openStoreFor(scope, cluster.url(undefined, port));
      opened.useBinder(links);
      return opened;
    };
    const store = await again();
    await cluster.ask(EMPTY);
    return { store, again };
  };
