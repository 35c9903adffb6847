import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fill, mountSmallDisk } from '../../crash/small-disk.ts';
import { startCluster } from '../../support/postgres/cluster.ts';
import type { Cluster } from '../../support/postgres/cluster.ts';
import { openWireProxy } from '../../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../../support/postgres/wire-proxy.ts';
import type { StoreData } from './store-data.ts';

export type StoreName = 'sqlite' | 'postgres';

/** How the store fails the first process: at a commit of its refresh, or when it holds at a step. */
export type StoreFailure =
  | 'none'
  /** The disk is full from a step on. */
  | 'disk_full'
  /** PostgreSQL is killed while the commit of the claim, or of the pair, is on its way. */
  | 'killed_at_claim'
  | 'killed_at_pair'
  /** PostgreSQL is killed at a step. */
  | 'killed_at_step';

/** Where the keepers of one case keep their grants. */
export type Place = {
  /** As the first process reaches it, and as the others do. */
  readonly first: StoreData;
  readonly others: StoreData;
  /** Prepares what happens to a commit. */
  arm(failure: StoreFailure): void;
  /** Does what happens at a step, where the first process waits. */
  strike(failure: StoreFailure): Promise<void>;
  /** The store works again. */
  heal(): Promise<void>;
  remove(): Promise<void>;
};

/** Makes a place per case, one after another. */
export type Places = {
  /** Failures that this machine cannot show. */
  readonly missing: ReadonlySet<StoreFailure>;
  open(): Promise<Place>;
  close(): Promise<void>;
};

const SQLITE_DISK_MIB = 4;
/** Holds a cluster with one more database and a few small files of the log, so that it soon needs another file. */
const POSTGRES_DISK_MIB = 128;
const SMALL_LOG = { max_wal_size: '2MB', min_wal_size: '2MB' };
const DATABASE_FAILURES = ['killed_at_claim', 'killed_at_pair', 'killed_at_step'] as const;

/** Files of SQLite, each on a disk of its own where this machine can mount one. */
export const openSqlitePlaces = (): Places => {
  const probe = mountSmallDisk(SQLITE_DISK_MIB);
  const hasDisks = !('skipped' in probe);
  if (hasDisks) probe.unmount();
  return {
    missing: new Set<StoreFailure>([...DATABASE_FAILURES, ...(hasDisks ? [] : (['disk_full'] as const))]),
    async open() {
      const disk = hasDisks ? mountSmallDisk(SQLITE_DISK_MIB) : undefined;
      const isMounted = disk !== undefined && !('skipped' in disk);
      const path = isMounted ? disk.path : mkdtempSync(join(tmpdir(), 'keeper-crash-'));
      const data: StoreData = { kind: 'sqlite', file: join(path, 'keeper.db') };
      const stuffing = join(path, 'stuffing');
      return {
        first: data,
        others: data,
        arm: () => undefined,
        async strike(failure) {
          if (failure === 'disk_full') fill(stuffing);
        },
        async heal() {
          rmSync(stuffing, { force: true });
        },
        async remove() {
          if (isMounted) disk.unmount();
          else rmSync(path, { recursive: true, force: true });
        },
      };
    },
    close: async () => undefined,
  };
};

/** Databases of one PostgreSQL, which is on a small disk where this machine can mount one. The reason where it cannot run. */
export const openPostgresPlaces = async (): Promise<Places | { readonly reason: string }> => {
  const disk = mountSmallDisk(POSTGRES_DISK_MIB);
  const isMounted = !('skipped' in disk);
  const cluster = await startCluster(
    isMounted ? { within: disk.path, walSegmentMib: 1, settings: SMALL_LOG } : {},
  );
  if ('reason' in cluster) {
    if (isMounted) disk.unmount();
    return cluster;
  }
  let made = 0;
  return {
    missing: new Set<StoreFailure>(isMounted ? [] : ['disk_full']),
    async open() {
      const database = `case_${++made}`;
      await cluster.createDatabase(database);
      return openDatabase(cluster, database, isMounted ? join(disk.path, 'stuffing') : undefined);
    },
    async close() {
      await cluster.remove();
      if (isMounted) disk.unmount();
    },
  };
};

const COMMIT = 'COMMIT\0';
/** What only the statement of the transaction has that is to be cut. */
const SIGNS = { killed_at_claim: 'INTO keeper_attempts', killed_at_pair: 'UPDATE keeper_grants SET state' };

const openDatabase = async (
  cluster: Cluster,
  database: string,
  stuffing: string | undefined,
): Promise<Place> => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-crash-'));
  const state: {
    proxy?: WireProxy;
    armed?: keyof typeof SIGNS | undefined;
    /** From the commit on that was met. */
    failing?: Promise<void>;
  } = {};
  const restart = async (): Promise<void> => {
    await cluster.kill();
    await cluster.start(stuffing === undefined ? {} : SMALL_LOG);
  };
  const killAtCommit = async (): Promise<void> => {
    await state.proxy?.fail('hold', COMMIT);
    state.failing = restart();
  };
  const proxy = await openWireProxy(cluster.port, (bytes) => {
    if (state.armed === undefined || !bytes.includes(SIGNS[state.armed])) return;
    state.armed = undefined;
    void killAtCommit();
  });
  state.proxy = proxy;
  return {
    first: { kind: 'postgres', url: cluster.url(database, proxy.port), directory },
    others: { kind: 'postgres', url: cluster.url(database), directory },
    arm(failure) {
      if (failure === 'killed_at_claim' || failure === 'killed_at_pair') state.armed = failure;
    },
    async strike(failure) {
      if (failure === 'killed_at_step') await cluster.kill();
      if (failure === 'disk_full' && stuffing !== undefined) await fillUp(cluster, database, stuffing);
    },
    async heal() {
      await state.failing;
      if (stuffing !== undefined && existsSync(stuffing)) {
        rmSync(stuffing);
        await restart();
      } else if (!(await isRunning(cluster))) await restart();
    },
    async remove() {
      await proxy.close();
      await cluster.ask(`DROP DATABASE ${database} WITH (FORCE)`);
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const isRunning = async (cluster: Cluster): Promise<boolean> => {
  try {
    await cluster.ask('SELECT 1');
    return true;
  } catch {
    return false;
  }
};

const WRITES_MAX = 64;

/** Fills the disk, and writes until PostgreSQL needs another file of its log: then it stops. */
const fillUp = async (cluster: Cluster, database: string, stuffing: string): Promise<void> => {
  fill(stuffing);
  try {
    for (let writes = 0; writes < WRITES_MAX; writes++)
      await cluster.ask(`SELECT pg_logical_emit_message(true, 'full', repeat('x', 250000))`, database);
  } catch {
    return;
  }
  throw new Error('PostgreSQL still writes on a full disk');
};

/** Tells a process that waits at a step to go on. */
export const letGo = (file: string): void => writeFileSync(file, '');
