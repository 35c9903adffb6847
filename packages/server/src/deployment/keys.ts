import { join, resolve } from 'node:path';
import { toSeconds } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import { isThere } from '../stores/file-errors.ts';
import { makeDirectory } from '../stores/directory.ts';
import { createKeyFile, keyFileSource } from './key-file.ts';
import { namedKeySource } from './named-key-source.ts';
import type { KeySource } from './key-source.ts';
import { recogniseStore } from '../stores/sqlite/recognise.ts';
import { parseKeyRing, withRegistrations } from '../tokens/key-ring.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { KeyWithdrawal, RegisteredKey } from '../tokens/key-state.ts';
import { registrationOf } from '../tokens/key-store.ts';
import type { KeyStore } from '../tokens/key-store.ts';
import { KEY_FILE, STORE_FILE } from './names.ts';

/** A command in a wrong folder must not make a second store there. */
export const storeMissing = (path: string): OperatorError =>
  new OperatorError(
    'store_missing',
    `${path}: there is no store here yet`,
    'Name the data directory of your server with --data (or KEYFOB_DATA). Only "keyfob serve", and "keyfob client create --create-store" before the first start, make a new store.',
  );

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
  if (!hasStore && start === 'later') throw storeMissing(storePath);
  makeDirectory(config.data);
  const named = namedKeySource(config);
  if (named !== undefined && config.keyFile === undefined) return named;
  const path = config.keyFile ?? join(config.data, KEY_FILE);
  if (!isThere(path)) {
    if (hasStore) {
      throw new OperatorError(
        'key_missing',
        `${path}: the key file is missing, and ${storePath} holds grants sealed with it`,
        'Restore the key file from your backup, or name the ring with --key-file, KEYFOB_KEY or KEYFOB_KEY_COMMAND. No new key is made, because it would end every grant.',
      );
    }
    createKeyFile(path, toSeconds(clock()));
  }
  return keyFileSource(path);
};

/**
 * Checks the ring against the store: every key that has made tokens there must be in the ring, unchanged, except retired
 * ones. Registers the ring's new keys, and answers all. Throws `OperatorError` and `StoreError`.
 */
export const registerKeys = async (
  store: KeyStore,
  ring: KeyRing,
  name: string,
): Promise<readonly RegisteredKey[]> => {
  const registered = await store.listKeys();
  refuseOtherKeys(registered, ring, name);
  for (const key of ring.keys) {
    if (!registered.some(({ number }) => number === key.number)) await store.registerKey(registrationOf(key));
  }
  // Another process may have registered a key of the same number meanwhile; the store kept the first.
  const all = await store.listKeys();
  refuseOtherKeys(all, ring, name);
  return all;
};

/** Throws `OperatorError` if the ring lacks a key of the store that is not retired, or has another key of that number. */
export const refuseOtherKeys = (registered: readonly RegisteredKey[], ring: KeyRing, name: string): void => {
  for (const { number, purpose, fingerprint, withdrawal } of registered) {
    const key = ring.keys.find((one) => one.number === number);
    if (key === undefined && withdrawal?.state === 'retired') continue;
    if (key?.fingerprint === fingerprint && key.purpose === purpose) continue;
    throw new OperatorError(
      'key_wrong',
      `${name}: the key ring ${key === undefined ? 'lacks' : 'has another'} key ${number} (${purpose}), which this store has in use`,
      'Use the key ring that belongs to this store: restore it from your backup or secret manager. Nothing was changed.',
    );
  }
};

/** A key ring that follows what the store knows of its keys. */
export type ReloadingKeyRing = {
  /** The ring as last read, with what the store knows of its keys. The same object as long as nothing changes. */
  readonly keyRing: KeyRing;
  /**
   * Takes over what the store knows: reads the ring again if it lacks a key that is not retired, and notes which keys are
   * withdrawn. `true` if the ring still lacks one, which a source that takes time to read may bring soon.
   */
  noticeKeys(registered: readonly RegisteredKey[]): boolean;
};

/** How long a source that takes time is left alone after it was read. */
const PAUSE_MS = 2000;

export const createReloadingKeyRing = (
  source: KeySource,
  first: { readonly ring: KeyRing; readonly registered: readonly RegisteredKey[] },
  emit: Emit,
): ReloadingKeyRing => {
  let read = first.ring;
  let { registered } = first;
  let lastNoticed = registered;
  let ring = withRegistrations(read, registered);
  let missing: RegisteredKey | undefined;
  let reportedMissing = 0;
  let pausedUntilMs = -Infinity;
  const reported = new Set<string>();

  const take = (text: string): void => {
    const next = tryParse(text);
    if (next === undefined || namesOf(next) === namesOf(read)) return;
    read = next;
    ring = withRegistrations(read, registered);
    missing = findMissing(read, registered);
    emit({ event: 'keys.reloaded', newestKeyNumber: read.newestNumber });
  };

  /** The server keeps serving if the ring cannot be read: the keys it has still open every older token. */
  const readAgain = (): void => {
    if (performance.now() < pausedUntilMs) return;
    try {
      const text = source.read();
      if (typeof text === 'string') return take(text);
      pausedUntilMs = Infinity;
      void text
        .then(take, () => {})
        .finally(() => {
          pausedUntilMs = performance.now() + PAUSE_MS;
        });
    } catch {
      // Reported as missing.
    }
  };

  const reportMissing = ({ number }: RegisteredKey): void => {
    if (reportedMissing === number) return;
    reportedMissing = number;
    emit({ event: 'keys.missing', newestKeyNumber: read.newestNumber, registeredKeyNumber: number });
  };

  const reportWithdrawn = (): void => {
    for (const { number, purpose, withdrawal } of registered) {
      if (withdrawal === undefined || reported.has(`${number} ${withdrawal.state}`)) continue;
      reported.add(`${number} ${withdrawal.state}`);
      emit({ event: `keys.${withdrawal.state}`, keyNumber: number, purpose });
    }
  };

  for (const { number, withdrawal } of registered)
    if (withdrawal?.state === 'retired') reported.add(`${number} retired`);
  reportWithdrawn();
  return {
    get keyRing() {
      return ring;
    },
    noticeKeys(noticed) {
      if (noticed !== lastNoticed) {
        lastNoticed = noticed;
        const next = keepWithdrawals(registered, noticed);
        const isChanged = markOf(next) !== markOf(registered);
        registered = next;
        if (isChanged) {
          ring = withRegistrations(read, registered);
          missing = findMissing(read, registered);
          reportWithdrawn();
        }
      }
      if (missing !== undefined) readAgain();
      if (missing === undefined) return false;
      reportMissing(missing);
      return true;
    },
  };
};

/** What was noticed, but no withdrawal is taken back: a reading may be older than the one before, and a withdrawal is final. */
const keepWithdrawals = (
  before: readonly RegisteredKey[],
  noticed: readonly RegisteredKey[],
): readonly RegisteredKey[] => {
  const known = new Map(before.map(({ number, withdrawal }) => [number, withdrawal]));
  return noticed.map((key) => {
    const withdrawal = known.get(key.number);
    return withdrawal === undefined || isLater(key.withdrawal, withdrawal) ? key : { ...key, withdrawal };
  });
};

const isLater = (one: KeyWithdrawal | undefined, other: KeyWithdrawal): boolean => {
  if (one === undefined || other.state === 'retired') return false;
  return one.state === 'retired' || one.atMs >= other.atMs;
};

/** Differs where `withRegistrations` or `findMissing` may. */
const markOf = (registered: readonly RegisteredKey[]): string =>
  registered
    .map(({ number, withdrawal }) => {
      const until = withdrawal?.state === 'compromised' ? withdrawal.opensUntilMs : '';
      return `${number} ${withdrawal?.state} ${until}`;
    })
    .join();

const namesOf = ({ keys }: KeyRing): string =>
  keys.map(({ number, fingerprint }) => `${number} ${fingerprint}`).join();

const findMissing = (ring: KeyRing, registered: readonly RegisteredKey[]): RegisteredKey | undefined =>
  registered.find(
    ({ number, fingerprint, withdrawal }) =>
      withdrawal?.state !== 'retired' &&
      !ring.keys.some((key) => key.number === number && key.fingerprint === fingerprint),
  );

const tryParse = (text: string): KeyRing | undefined => {
  try {
    return parseKeyRing(text);
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
};
