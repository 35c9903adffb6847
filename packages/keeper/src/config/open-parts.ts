import { existsSync } from 'node:fs';
import { KeeperError } from '../errors.ts';
import { openKeeper } from '../keeper.ts';
import type { Keeper } from '../keeper.ts';
import type { Client } from '../providers/clients.ts';
import type { KeeperOptions } from '../start/options.ts';
import { sqliteStore } from '../stores/sqlite/open.ts';
import type { Store, StoreOpener } from '../stores/store.ts';
import { systemClock } from '../time.ts';
import { envKeys, parseKeys } from '../vault/key-ring.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { createClient } from './client-settings.ts';
import { readSecret } from './secret-source.ts';
import { isDatabaseUrl } from './settings.ts';
import type { Settings } from './settings.ts';

/** The keys: of `KEEPER_KEY`, or of the key file. Throws `KeeperError`. */
export const openKeys = ({ environment, keyFile, base }: Settings): KeyRing => {
  if ((environment['KEEPER_KEY'] ?? '') !== '') return envKeys('KEEPER_KEY', environment);
  if (keyFile === undefined)
    throw new KeeperError(
      'key_missing',
      'There is no key: KEEPER_KEY is not set, and the settings have no keyFile',
      'Run "keyfob-keeper init", which makes one, or set KEEPER_KEY.',
    );
  const text = readSecret({ file: keyFile }, 'keyFile', { environment, directory: base });
  return parseKeys(text.split(/[\s,]+/).filter((one) => one !== ''));
};

/** The clients, with their secrets. Throws `KeeperError` that names the variable or the file. */
export const openClients = ({ clients, environment, base }: Settings): Readonly<Record<string, Client>> =>
  Object.fromEntries(
    Object.entries(clients).map(([name, client]) => [
      name,
      createClient(name, client, { environment, directory: base }),
    ]),
  );

/** What opens the store. A SQLite file is made only where `isMade` says so: a wrong directory must not look empty. */
export const storeOpener = ({ store, directory }: Settings, isMade: boolean): StoreOpener => {
  if (isDatabaseUrl(store))
    return async (clock) => {
      const { postgresStore } = await import('../stores/postgres/open.ts').catch((error: unknown) => {
        throw driverMissing(error);
      });
      return postgresStore(store, directory === undefined ? {} : { directory })(clock);
    };
  return async (clock) => {
    if (!isMade && !existsSync(store))
      throw new KeeperError(
        'store_missing',
        `There is no store at ${store}`,
        'Put or import a connection first, or name the settings of another store with --config.',
      );
    return sqliteStore(store)(clock);
  };
};

const driverMissing = (cause: unknown): KeeperError =>
  new KeeperError('driver_missing', 'The driver of PostgreSQL is not installed', 'Run "npm install pg".', {
    cause,
  });

/** Opens the store for looking at it. It needs no key, and sends nothing. */
export const openStore = (settings: Settings): Promise<Store> => storeOpener(settings, false)(systemClock);

/** What a keeper is opened with. Throws `KeeperError` for keys, clients and secrets. */
export const keeperOptions = (settings: Settings, isMade = true): KeeperOptions => ({
  store: storeOpener(settings, isMade),
  keys: openKeys(settings),
  clients: openClients(settings),
});

/** Opens a keeper for one command: it refreshes what it is asked for, and nothing else. */
export const openForCommand = (settings: Settings, isMade: boolean): Promise<Keeper> =>
  openKeeper({ ...keeperOptions(settings, isMade), isScheduling: false });
