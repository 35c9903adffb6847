import type { Clock, Millis } from '../../clock.ts';
import { OperatorError } from '../../errors.ts';
import type { Store } from '../../grants/store.ts';
import { refuseMoved } from '../copy/moved.ts';
import { showPostgresUrl } from './connection/address.ts';
import { createAuditVerbs } from './verbs/audit.ts';
import { createClientVerbs } from './verbs/clients.ts';
import { createClockVerbs } from './verbs/clock.ts';
import { createCodeVerbs } from './verbs/codes.ts';
import { createDeliveryVerbs } from './verbs/deliveries.ts';
import { createDeviceVerbs } from './verbs/devices.ts';
import { toOperatorError } from './connection/errors.ts';
import { createGrantEventVerbs } from './verbs/grant-events.ts';
import { createGrantVerbs } from './verbs/grants.ts';
import { createImportVerbs } from './verbs/imports.ts';
import { createKeyVerbs } from './verbs/keys.ts';
import { inspect } from './connection/inspect.ts';
import type { PostgresFacts } from './connection/inspect.ts';
import { createKnownClients } from './verbs/known-clients.ts';
import { migrate, newestSchema, readSchema } from './connection/migrations.ts';
import type { Migrated } from './connection/migrations.ts';
import { readMoveState } from './moved.ts';
import { closable } from './connection/closable.ts';
import { createNode, NODE_LIMITS } from './nodes/node.ts';
import type { NodeLimits } from './nodes/node.ts';
import { openConnections, POOL_LIMITS } from './connection/pool.ts';
import type { Connections, PoolLimits } from './connection/pool.ts';
import { checkRights } from './connection/rights.ts';
import { createRunningNodeVerbs } from './verbs/nodes.ts';
import { createOperatorVerbs } from './verbs/operators.ts';
import { createOnceVerbs } from './verbs/used-once.ts';
import { createTroubleVerbs } from './verbs/troubles.ts';
import { createSessionVerbs } from './verbs/sessions.ts';
import { createVehicleVerbs } from './verbs/vehicles.ts';
import { createWebhookVerbs } from './verbs/webhooks.ts';

/** How long a node may use what it has read of a client: its secrets, its policy, the newest key, whether it is disabled. */
export const CLIENT_CACHE_MS = 1000;

export type PostgresOptions = {
  /** Whether a store is created in a database that has none. Absent, it is. */
  readonly isFirstStart?: boolean;
  /** `CLIENT_CACHE_MS` if absent; 0 reads the client for every request. */
  readonly clientCacheMs?: Millis;
  /** Monotonic milliseconds, for the age of what was read of a client. */
  readonly now?: Clock;
  readonly limits?: Partial<PoolLimits>;
  /** How often this node reports what it answered, and how long it waits for the reports of others. */
  readonly node?: Partial<NodeLimits>;
  /** Called when a commit of this node added deliveries that are due. */
  readonly onDeliveries?: () => void;
};

/**
 * The store on PostgreSQL, or a database that speaks its protocol: any number of nodes, one row per grant, every commit
 * on disk before its promise resolves. Migrates to the newest schema. Throws `OperatorError` where the database
 * cannot be reached, is a standby, is not durable, belongs to another program, or where its user lacks a right.
 */
export const openPostgresStore = async (url: string, options: PostgresOptions = {}): Promise<Store> => {
  const connections = openConnections(url, { ...POOL_LIMITS, ...options.limits }, options.onDeliveries);
  try {
    const schema = await readSchema(connections);
    if (schema === 0 && options.isFirstStart === false) {
      throw new OperatorError(
        'store_missing',
        `${showPostgresUrl(url)}: there is no store here yet`,
        'Name the database of your server, or create a store with "keyfob migrate" or "keyfob serve".',
      );
    }
    refuseMoved(showPostgresUrl(url), await readMoveState(connections.read));
    if (schema < newestSchema()) await migrate(connections);
    await checkRights(url, connections);
  } catch (error) {
    await connections.close();
    throw toOperatorError(error, showPostgresUrl(url));
  }
  const { clientCacheMs: freshMs = CLIENT_CACHE_MS, now = () => performance.now() } = options;
  const clients = createKnownClients(connections.read, { freshMs, now });
  const node = createNode(connections, clients, { ...NODE_LIMITS, ...options.node });
  const store = closable(
    {
      ...createClientVerbs(connections, clients),
      ...createGrantVerbs(connections, clients, node),
      ...createImportVerbs(connections, clients),
      ...createCodeVerbs(connections, clients, node),
      ...createDeviceVerbs(connections),
      ...createVehicleVerbs(connections),
      ...createGrantEventVerbs(connections),
      ...createWebhookVerbs(connections),
      ...createDeliveryVerbs(connections),
      ...createKeyVerbs(connections, clients),
      ...createClockVerbs(connections),
      ...createSessionVerbs(connections),
      ...createOnceVerbs(connections),
      ...createOperatorVerbs(connections),
      ...createAuditVerbs(connections),
      ...createRunningNodeVerbs(connections),
      ...createTroubleVerbs(connections),
    },
    async () => {
      await node.close();
      await connections.close();
    },
  );
  return { ...store, remembersUnanswered: true, figures: connections.figures };
};

/** Brings a database to the newest schema. Throws `OperatorError`. */
export const migratePostgresStore = (url: string): Promise<Migrated> =>
  onConnections(url, async (connections) => {
    refuseMoved(showPostgresUrl(url), await readMoveState(connections.read));
    return migrate(connections);
  });

/** Inspects a database without changing it. Throws `OperatorError`. */
export const inspectPostgresStore = (url: string): Promise<PostgresFacts> => onConnections(url, inspect);

const onConnections = async <Result>(
  url: string,
  work: (connections: Connections) => Promise<Result>,
): Promise<Result> => {
  const connections = openConnections(url, POOL_LIMITS);
  try {
    return await work(connections);
  } catch (error) {
    throw toOperatorError(error, showPostgresUrl(url));
  } finally {
    await connections.close();
  }
};
