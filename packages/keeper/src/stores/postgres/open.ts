import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KeeperError } from '../../errors.ts';
import { createBinderHolder } from '../links.ts';
import type { Store, StoreOpener } from '../store.ts';
import { createDatabaseClock } from './clock.ts';
import { openConnections } from './connections.ts';
import type { PostgresLimits } from './connections.ts';
import { createConsentVerbs } from './consents.ts';
import { createDeliveryVerbs } from './deliveries.ts';
import { createClientVerbs, createEventVerbs } from './events.ts';
import { createFigureVerbs } from './figures.ts';
import { toOpenError } from './failures.ts';
import { createGrantVerbs } from './grants.ts';
import { createIdentityVerbs } from './identity.ts';
import { createKeyVerbs } from './keys.ts';
import { createLinkVerbs } from './links.ts';
import { createListVerbs } from './lists.ts';
import { migrate } from './migrate.ts';
import { createPrune } from './prune.ts';
import { createRefreshVerbs } from './refreshes.ts';
import { createRevocationVerbs } from './revocations.ts';
import { createScheduleVerbs } from './schedule.ts';
import { createServiceKeyVerbs } from './service-keys.ts';

/** What a store on PostgreSQL can be given besides its address. */
export type PostgresStoreOptions = {
  /**
   * A directory of this machine that outlives the process. There answers wait that the database refused, and there is
   * noted how far the database had come. Without it, neither is done.
   */
  readonly directory?: string;
  readonly limits?: Partial<PostgresLimits>;
};

const LIMITS: PostgresLimits = { connectionsMax: 10, connectTimeoutMs: 2000, statementTimeoutMs: 3000 };

/**
 * A store in a PostgreSQL database (13 or newer), for any number of processes on any number of machines. Its tables are
 * made where they do not exist. PgBouncer may stand between, in transaction mode. Opening throws `KeeperError`: what is
 * wrong, and the remedy.
 */
export const postgresStore =
  (url: string, { directory, limits }: PostgresStoreOptions = {}): StoreOpener =>
  async (clock) => {
    const { links, useBinder } = createBinderHolder();
    const name = showAddress(url);
    const connections = openConnections(url, { ...LIMITS, ...limits });
    try {
      await migrate(connections);
      await refuseUnsafe(connections.read, name);
      if (directory !== undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
      const databaseClock = await createDatabaseClock(connections.read, clock);
      const store: Store = {
        ...createGrantVerbs(connections, links),
        ...createRefreshVerbs(connections, links),
        ...createScheduleVerbs(connections, databaseClock),
        ...createClientVerbs(connections),
        ...createEventVerbs(connections),
        ...createListVerbs(connections),
        ...createKeyVerbs(connections),
        ...createLinkVerbs(connections),
        useBinder,
        ...createServiceKeyVerbs(connections),
        ...createConsentVerbs(connections),
        ...createRevocationVerbs(connections),
        ...createDeliveryVerbs(connections),
        ...createFigureVerbs(connections),
        ...createIdentityVerbs(connections),
        prune: createPrune(connections),
        guardFile: directory === undefined ? undefined : join(directory, 'keeper.guard'),
        spoolDirectory: directory === undefined ? undefined : join(directory, 'spool'),
        close: connections.close,
      };
      return store;
    } catch (error) {
      await connections.close();
      throw toOpenError(error, name);
    }
  };

const refuseUnsafe = async (
  read: (statement: string) => Promise<readonly Record<string, unknown>[]>,
  name: string,
): Promise<void> => {
  const [row] = await read(
    `SELECT current_setting('fsync') AS fsync, current_setting('server_encoding') AS encoding`,
  );
  if (row?.['fsync'] === 'off')
    throw new KeeperError(
      'store_not_durable',
      `${name}: fsync is off, so a crash would undo refreshes`,
      'Set fsync = on in postgresql.conf.',
    );
  if (row?.['encoding'] !== 'UTF8')
    throw new KeeperError(
      'store_not_utf8',
      `${name}: the encoding of the database is ${String(row?.['encoding'])}`,
      "Create one with UTF-8: CREATE DATABASE keeper TEMPLATE template0 ENCODING 'UTF8'.",
    );
};

/** The address without user, password and parameters. Throws `KeeperError` for what is no address. */
const showAddress = (url: string): string => {
  if (URL.canParse(url) && /^postgres(?:ql)?:$/.test(new URL(url).protocol)) {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  }
  throw new KeeperError(
    'store_address_wrong',
    'The address of the store is not one of PostgreSQL',
    'It must be postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
  );
};
