import type { DatabaseSync } from 'node:sqlite';
import type { Store } from '../../grants/store.ts';
import { createAuditVerbs } from './audit.ts';
import { createCallerNames } from './callers.ts';
import { createCheckpoints } from './checkpoints.ts';
import type { Checkpoints } from './checkpoints.ts';
import { createClientVerbs } from './clients.ts';
import { createClockVerbs } from './clock.ts';
import { createCodeVerbs } from './codes.ts';
import type { Connection } from './connection.ts';
import { createCoveredVehicles } from './covered-vehicles.ts';
import { openDatabase } from './database.ts';
import { toStoreError } from './errors.ts';
import { createGrantEvents, createGrantEventVerbs } from './grant-events.ts';
import { createGrantRows } from './grant-rows.ts';
import { createGrantVerbs } from './grants.ts';
import { createGroupCommit } from './group-commit.ts';
import { createImportedTokens, createImportVerbs } from './imports.ts';
import { createKeyVerbs } from './keys.ts';
import { createKnownClients } from './known-clients.ts';
import { createDeliveryVerbs } from './deliveries.ts';
import { createDeviceVerbs } from './devices.ts';
import { createNodeVerbs } from './nodes.ts';
import { createOperatorVerbs } from './operators.ts';
import { createOutbox } from './outbox.ts';
import { createScopeNames } from './scopes.ts';
import { createOnceVerbs } from './used-once.ts';
import { createSessionVerbs } from './sessions.ts';
import { createTroubleVerbs } from './troubles.ts';
import { createVehicleVerbs } from './vehicles.ts';
import { createWebhooks, createWebhookVerbs } from './webhooks.ts';

const LOCK_TIMEOUT_MS = 2000;

/**
 * The embedded store: one SQLite file, one row per grant, every commit synced to disk before its promise resolves.
 * Any number of processes may have the file open. Throws `OperatorError` where the file cannot be opened.
 */
export const openSqliteStore = (
  path: string,
  options: {
    /** Called when a commit of this process added deliveries that are due. */
    readonly onDeliveries?: () => void;
  } = {},
): Store => {
  const database = openDatabase(path, { lockTimeoutMs: LOCK_TIMEOUT_MS });
  return createStore(database, createCheckpoints(database, path), options);
};

/** The store in an open database of the newest schema. It closes both. */
export const createStore = (
  database: DatabaseSync,
  checkpoints: Checkpoints,
  options: { readonly onDeliveries?: (() => void) | undefined } = {},
): Store => {
  // From here on group commit waits for locks: a wait inside SQLite would block every other request.
  database.exec('PRAGMA busy_timeout = 0');
  const clients = createKnownClients(database);
  const callers = createCallerNames(database);
  const scopes = createScopeNames(database);
  const webhooks = createWebhooks(database);
  const outbox = createOutbox(database, webhooks);
  const connection: Connection = {
    database,
    commits: createGroupCommit(database, {
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      onBegin: clients.recheck,
      onCommit(units) {
        checkpoints.noteCommit(units);
        if (outbox.takeNew()) options.onDeliveries?.();
      },
      onRollback() {
        clients.forget();
        callers.forget();
        scopes.forget();
        outbox.takeNew();
      },
    }),
    read: async (work) => connection.readNow(work),
    readNow(work) {
      try {
        return work();
      } catch (error) {
        throw toStoreError(error);
      }
    },
  };
  const grantEvents = createGrantEvents(database, outbox);
  const vehicles = createCoveredVehicles(database);
  const rows = createGrantRows(database, { callers, scopes, clients });
  const imports = createImportedTokens(database);
  const codes = createCodeVerbs(connection, { rows, clients, vehicles, grantEvents });
  return {
    ...createClientVerbs(connection, clients),
    ...createGrantVerbs(connection, { rows, callers, clients, vehicles, grantEvents, imports }),
    ...createImportVerbs(connection, { rows, clients, vehicles, grantEvents, imports }),
    ...codes.verbs,
    ...createDeviceVerbs(connection, clients, codes.createCodeNow),
    ...createVehicleVerbs(connection, { rows, vehicles, grantEvents }),
    ...createGrantEventVerbs(connection, grantEvents),
    ...createWebhookVerbs(connection, webhooks),
    ...createDeliveryVerbs(connection, { webhooks, grantEvents }),
    ...createKeyVerbs(connection, () => clients.forget()),
    ...createClockVerbs(connection),
    ...createSessionVerbs(connection),
    ...createOnceVerbs(connection),
    ...createOperatorVerbs(connection),
    ...createAuditVerbs(connection),
    ...createNodeVerbs(connection),
    ...createTroubleVerbs(connection),
    figures: connection.commits.figures,
    async close() {
      await connection.commits.settle();
      await checkpoints.stop();
      database.close();
    },
  };
};
