import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock, toSeconds } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { OperatorError } from './errors.ts';
import type { Emit } from './log-event.ts';
import type { Store } from './grants/store.ts';
import { makeDirectory } from './stores/directory.ts';
import { createKeyFile, keyFileSource, keyTextSource, sharedKeySource } from './stores/key-file.ts';
import type { KeySource } from './stores/key-file.ts';
import { notAFile, showPostgresUrl } from './stores/postgres/connection/address.ts';
import type { PostgresFacts } from './stores/postgres/connection/inspect.ts';
import {
  backupSqliteStore,
  placeSqliteStore,
  readBackupKeys,
  restoreSqliteStore,
} from './stores/sqlite/backup.ts';
import type { Progress, Restored } from './stores/sqlite/backup.ts';
import { inspectSqliteStore } from './stores/sqlite/inspect.ts';
import type { StoreFacts } from './stores/sqlite/inspect.ts';
import { recogniseStore } from './stores/sqlite/recognise.ts';
import { openSqliteStore } from './stores/sqlite/store.ts';
import type { KeyRing } from './tokens/key-ring.ts';
import type { RegisteredKey } from './tokens/key-store.ts';

/** Where a deployment keeps what it must not lose. */
export const STORE_FILE = 'keyfob.db';
export const KEY_FILE = 'keyfob.key';

/** A store opened, and the keys that go with it. */
export type Deployment = {
  readonly store: Store;
  readonly keys: KeySource;
  /** The configured public URL; `undefined` where only a running server knows it. */
  readonly issuer: string | undefined;
  /** The ring as last read. */
  keyRing(): KeyRing;
  /** Told the newest key that the store knows of; reads the ring again if need be, and answers whether it lacks it. */
  noticeKey(newestKeyNumber: number): boolean;
  /** Calls back when something done through this store is to be delivered to webhooks; one listener at a time. */
  onDeliveries(listener: () => void): void;
  close(): Promise<void>;
};

/** How people know the store of a configuration; without what is secret of its address. */
export const storeNameOf = ({ store, data }: Config): string =>
  store === undefined ? join(resolve(data), STORE_FILE) : showPostgresUrl(store);

/** How people know the key ring of a configuration. */
export const keyRingNameOf = ({ key, keyFile, data }: Config): string =>
  key === undefined ? (keyFile ?? join(resolve(data), KEY_FILE)) : 'KEYFOB_KEY';

/**
 * Opens the store of a configuration; with `isFirstStart` it makes one where there is none, and in a data directory the
 * key file too. Throws `OperatorError` where either is missing, does not fit the other, or cannot be opened.
 */
export const openDeployment = async (
  config: Config,
  options: { readonly isFirstStart: boolean; readonly emit?: Emit; readonly clock?: Clock },
): Promise<Deployment> => {
  const { emit = () => {}, clock = systemClock } = options;
  const { isFirstStart } = options;
  const keys =
    config.store === undefined
      ? openKeySource(config, isFirstStart ? 'first' : 'later', clock)
      : sharedKeySource(config);
  let ring = keys.read();
  let tellDeliveries: (() => void) | undefined;
  const onDeliveries = (): void => tellDeliveries?.();
  const store =
    config.store === undefined
      ? openSqliteStore(sqlitePathOf(config), { onDeliveries })
      : await (await loadPostgres()).openPostgresStore(config.store, { isFirstStart, onDeliveries });
  try {
    await registerKeys(store, ring, keys.name);
  } catch (error) {
    await store.close();
    throw error;
  }
  let missingKeyNumber = 0;
  return {
    store,
    keys,
    issuer: config.publicUrl,
    keyRing: () => ring,
    noticeKey(newestKeyNumber) {
      if (newestKeyNumber <= ring.newest.number) return false;
      ring = readAgain(keys, ring);
      const isMissing = newestKeyNumber > ring.newest.number;
      if (!isMissing) emit({ event: 'keys.reloaded', newestKeyNumber: ring.newest.number });
      else if (missingKeyNumber !== newestKeyNumber) {
        missingKeyNumber = newestKeyNumber;
        emit({
          event: 'keys.missing',
          newestKeyNumber: ring.newest.number,
          registeredKeyNumber: newestKeyNumber,
        });
      }
      return isMissing;
    },
    onDeliveries(listener) {
      tellDeliveries = listener;
    },
    close: () => store.close(),
  };
};

/** Reads the store of a data directory without changing it; `undefined` where there is none. Throws `OperatorError`. */
export const inspectStore = (config: Config): StoreFacts | undefined =>
  inspectSqliteStore(sqlitePathOf(config));

/** Looks at the database that is the store, where one is. Throws `OperatorError`. */
export const inspectSharedStore = async ({ store }: Config): Promise<PostgresFacts | undefined> =>
  store === undefined ? undefined : (await loadPostgres()).inspectPostgresStore(store);

/** Brings the store to the newest schema, and answers from which to which. Throws `OperatorError`. */
export const migrateDeployment = async (
  config: Config,
): Promise<{ readonly from: number; readonly to: number }> => {
  if (config.store !== undefined) return (await loadPostgres()).migratePostgresStore(config.store);
  const from = inspectStore(config)?.schema ?? 0;
  makeDirectory(config.data);
  await openSqliteStore(sqlitePathOf(config)).close();
  return { from, to: inspectStore(config)?.schema ?? 0 };
};

/** Copies the store of a configuration, in use or not, into one file. Throws `OperatorError`. */
export const backupDeployment = async (config: Config, target: string, progress: Progress): Promise<void> =>
  backupSqliteStore(sqlitePathOf(config), target, progress);

/**
 * Puts a backup in the place of the store, while servers run on it too. Where there is no store, or with
 * `isDamaged` one that no longer opens, the backup is put in its place as a file, and what ended since cannot be
 * carried over: `undefined` is answered. Throws `OperatorError`, and then nothing was changed.
 */
export const restoreDeployment = (
  config: Config,
  source: string,
  { isDamaged, nowMs }: { readonly isDamaged: boolean; readonly nowMs: number },
): Restored | undefined => {
  const path = sqlitePathOf(config);
  const keys = openKeySource(config, 'restore', systemClock);
  refuseOtherKeys(readBackupKeys(source), keys.read(), keys.name);
  if (!isDamaged && recogniseStore(path) === 'store') return restoreSqliteStore(path, source);
  placeSqliteStore(path, source, `${path}.damaged-${toSeconds(nowMs)}`);
  return undefined;
};

/** Loaded where it is wanted, so that a start on a file does not wait for the driver. */
const loadPostgres = () => import('./stores/postgres/store.ts');

/** The file that is the store. Throws `OperatorError` where a database is, which has tools of its own. */
const sqlitePathOf = ({ store, data }: Config): string => {
  if (store === undefined) return join(data, STORE_FILE);
  throw notAFile(store);
};

const openKeySource = (config: Config, start: 'first' | 'later' | 'restore', clock: Clock): KeySource => {
  const storePath = join(config.data, STORE_FILE);
  const hasStore = start === 'restore' || recogniseStore(storePath) === 'store';
  if (!hasStore && start === 'later') {
    throw new OperatorError(
      'store_missing',
      `${storePath}: there is no store here yet`,
      'Name the data directory of your server by --data, or make a new one with "keyfob serve" or "keyfob client create".',
    );
  }
  makeDirectory(config.data);
  if (config.key !== undefined) return keyTextSource(config.key);
  const path = config.keyFile ?? join(config.data, KEY_FILE);
  if (!existsSync(path)) {
    if (hasStore) {
      throw new OperatorError(
        'key_missing',
        `${path}: the key file is missing, and ${storePath} holds grants sealed with it`,
        'Restore the key file from your backup, or name it by --key-file or KEYFOB_KEY. A new key would log every owner out, so none is made.',
      );
    }
    createKeyFile(path, toSeconds(clock()));
  }
  return keyFileSource(path);
};

/** Every key that has sealed a token here must be in the ring, and be the same; keys new in the ring are noted. */
const registerKeys = async (store: Store, ring: KeyRing, name: string): Promise<void> => {
  const registered = await store.listKeys();
  refuseOtherKeys(registered, ring, name);
  for (const { number, createdAt, fingerprint } of ring.keys) {
    if (!registered.some((key) => key.number === number))
      await store.registerKey({ number, createdAt, fingerprint });
  }
  // Another process may have registered a key of the same number meanwhile; the store kept the first.
  refuseOtherKeys(await store.listKeys(), ring, name);
};

/** Throws `OperatorError` where the ring lacks a key that sealed tokens of the store, or has another in its place. */
export const refuseOtherKeys = (registered: readonly RegisteredKey[], ring: KeyRing, name: string): void => {
  for (const { number, fingerprint } of registered) {
    const key = ring.find(number);
    if (key?.fingerprint === fingerprint) continue;
    throw new OperatorError(
      'key_wrong',
      `${name}: the key ring ${key === undefined ? 'lacks' : 'has another'} key ${number}, which sealed tokens of this store`,
      'Use the key ring that belongs to this store: restore it from your backup or secret manager. Nothing was changed.',
    );
  }
};

/** A ring that cannot be read while serving is no reason to stop: the keys in hand still open every older token. */
const readAgain = (keys: KeySource, ring: KeyRing): KeyRing => {
  try {
    return keys.read();
  } catch {
    return ring;
  }
};
