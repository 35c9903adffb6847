import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toSeconds } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { Store } from '../grants/store.ts';
import { makeDirectory } from '../stores/directory.ts';
import { createKeyFile, keyFileSource, keyTextSource } from './key-file.ts';
import type { KeySource } from './key-file.ts';
import { recogniseStore } from '../stores/sqlite/recognise.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { registrationOf } from '../tokens/key-store.ts';
import type { RegisteredKey } from '../tokens/key-store.ts';
import { KEY_FILE, STORE_FILE } from './names.ts';

/**
 * The key ring of a data directory. `first` makes a key file if there is no store yet; `later` refuses a directory without
 * a store; `restore` expects the key file of the backup. Throws `OperatorError`.
 */
export const openKeySource = (
  config: Config,
  start: 'first' | 'later' | 'restore',
  clock: Clock,
): KeySource => {
  const storePath = resolve(config.data, STORE_FILE);
  const hasStore = start === 'restore' || recogniseStore(storePath) === 'store';
  if (!hasStore && start === 'later') {
    throw new OperatorError(
      'store_missing',
      `${storePath}: there is no store here yet`,
      'Name the data directory of your server with --data (or KEYFOB_DATA). Only "keyfob serve", and "keyfob client create --create-store" before the first start, make a new store.',
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
        'Restore the key file from your backup, or name it with --key-file or KEYFOB_KEY. No new key is made, because it would end every grant.',
      );
    }
    createKeyFile(path, toSeconds(clock()));
  }
  return keyFileSource(path);
};

/**
 * Checks the ring against the store: every key that has sealed a token there must be in the ring, unchanged. Registers the
 * ring's new keys. Throws `OperatorError` and `StoreError`.
 */
export const registerKeys = async (store: Store, ring: KeyRing, name: string): Promise<void> => {
  const registered = await store.listKeys();
  refuseOtherKeys(registered, ring, name);
  for (const key of ring.keys) {
    if (!registered.some(({ number }) => number === key.number)) await store.registerKey(registrationOf(key));
  }
  // Another process may have registered a key of the same number meanwhile; the store kept the first.
  refuseOtherKeys(await store.listKeys(), ring, name);
};

/** Throws `OperatorError` if the ring lacks a key that sealed tokens of the store, or has another key of that number. */
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

/** A key ring that is read again when the store knows of a newer key. */
export type ReloadingKeyRing = {
  /** The ring as last read. It may change between two requests. */
  readonly keyRing: KeyRing;
  /** Compares the ring with the newest key that the store knows of; reads it again if it lacks that key. `true` if it still does. */
  noticeKey(newestKeyNumber: number): boolean;
};

export const createReloadingKeyRing = (keys: KeySource, first: KeyRing, emit: Emit): ReloadingKeyRing => {
  let ring = first;
  let missingKeyNumber = 0;
  return {
    get keyRing() {
      return ring;
    },
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
  };
};

/** The server keeps serving if the ring cannot be read: the keys it has still open every older token. */
const readAgain = (keys: KeySource, ring: KeyRing): KeyRing => {
  try {
    return keys.read();
  } catch {
    return ring;
  }
};
