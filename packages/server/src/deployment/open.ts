import { systemClock } from '../clock.ts';
import type { Clock, TimeContext } from '../clock.ts';
import type { ClockSource } from '../clock-source.ts';
import type { Config } from '../config.ts';
import { createDataRegistry, faultsOfDataNames } from '../clients/data-names.ts';
import type { DataRegistry } from '../clients/data-names.ts';
import type { ScopeRegistry } from '../clients/scopes.ts';
import { createDialectScopes, KNOWN_DIALECTS } from '../dialects/dialects.ts';
import { createEgress } from '../egress/egress.ts';
import type { Egress } from '../egress/egress.ts';
import type { Emit } from '../log-event.ts';
import type { KnownDialects } from '../operations/dialect-rules.ts';
import type { Store } from '../grants/store.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';
import { systemRandomness } from '../randomness.ts';
import type { Randomness } from '../randomness.ts';
import { openClock } from './clock.ts';
import { readKeyRing } from './key-source.ts';
import { sharedKeySource } from './named-key-source.ts';
import type { KeySource } from './key-source.ts';
import { openSqliteStore } from '../stores/sqlite/store.ts';
import { createReloadingKeyRing, openKeySource, registerKeys } from './keys.ts';
import type { ReloadingKeyRing } from './keys.ts';
import { sqlitePathOf } from './names.ts';
import { invalidScopesFile, readScopesFile } from './scopes-file.ts';

/** An open store, and all that goes with it: what operations work with. */
export type Deployment = ReloadingKeyRing &
  TimeContext & {
    readonly store: Store;
    readonly dialects: KnownDialects;
    /** What clients may be allowed, and owners may grant. */
    readonly scopes: ScopeRegistry;
    readonly data: DataRegistry;
    /** Where the key ring is read from. */
    readonly keys: KeySource;
    /** The one source of time: `clock` is its `now`, and `doubt` its doubt. */
    readonly time: ClockSource;
    readonly randomness: Randomness;
    /** The way to URLs that others chose: never to the operator's own network. */
    readonly egress: Egress;
    readonly emit: Emit;
    /** The configured public URL; `undefined` if only a listening server knows it. */
    readonly issuer: string | undefined;
    /** Calls `listener` after a commit that leaves webhook deliveries due. One listener at a time. */
    onDeliveries(listener: () => void): void;
    /** Closes the store, unless it was passed in. */
    close(): Promise<void>;
  };

/** How a deployment is opened. */
export type DeploymentOptions = {
  /** Makes the store if there is none, and in a data directory the key file too. Without it a missing store is an error. */
  readonly createIfMissing?: boolean;
  /** An open store instead of the one that the configuration names. The caller that opened it closes it. */
  readonly store?: Store | undefined;
  /** The source of the key ring. With a `store` that is passed in, it must come from here or from `key`, `keyFile` or `keyCommand`. */
  readonly keys?: KeySource | undefined;
  readonly emit?: Emit | undefined;
  readonly clock?: Clock | undefined;
  /** The monotonic clock for `clock`. Without it, `clock` never jumps, however it is moved. */
  readonly monotonic?: Clock | undefined;
  readonly randomness?: Randomness | undefined;
};

/**
 * Opens the store and the key ring of a configuration. Throws `OperatorError` if either is missing, cannot be opened, or
 * does not fit the other.
 */
export const openDeployment = async (
  config: Config,
  {
    createIfMissing = false,
    store: givenStore,
    keys: givenKeys,
    emit = () => {},
    clock,
    monotonic,
    randomness = systemRandomness,
  }: DeploymentOptions = {},
): Promise<Deployment> => {
  // Before anything is opened, because a file that is wrong stops the start.
  const { scopes, data } = readRegistries(config);
  const isInDirectory = givenStore === undefined && config.store === undefined;
  const keys =
    givenKeys ??
    (isInDirectory
      ? openKeySource(config, createIfMissing ? 'first' : 'later', clock ?? systemClock)
      : sharedKeySource(config));
  const ring = await readKeyRing(keys);
  let listener: (() => void) | undefined;
  const onDeliveries = (): void => listener?.();
  const store = givenStore ?? (await openStore(config, createIfMissing, onDeliveries));
  const close = async (): Promise<void> => (givenStore === undefined ? store.close() : undefined);
  let time: ClockSource;
  let registered: readonly RegisteredKey[];
  try {
    registered = await registerKeys(store, ring, keys.name);
    time = await openClock(store, { clock, monotonic, isTrusted: config.trustClock, emit });
  } catch (error) {
    await close();
    throw error;
  }
  const reloading = createReloadingKeyRing(keys, { ring, registered }, emit);
  return {
    get keyRing() {
      return reloading.keyRing;
    },
    noticeKeys: reloading.noticeKeys,
    store,
    dialects: KNOWN_DIALECTS,
    scopes,
    data,
    keys,
    time,
    clock: time.now,
    doubt: time.doubt,
    randomness,
    egress: createEgress(config.egressAllowedRanges),
    emit,
    issuer: config.publicUrl,
    onDeliveries(next) {
      listener = next;
    },
    close,
  };
};

/** The scopes and the data of a deployment. Throws `OperatorError` where its file is wrong. */
const readRegistries = ({
  scopesFile,
}: Pick<Config, 'scopesFile'>): { readonly scopes: ScopeRegistry; readonly data: DataRegistry } => {
  const declared = readScopesFile(scopesFile, KNOWN_DIALECTS.names);
  const scopes = createDialectScopes(declared.scopes);
  const faults = faultsOfDataNames(declared.data, scopes);
  if (faults.length > 0) throw invalidScopesFile(scopesFile ?? '', faults.join('; '));
  return { scopes, data: createDataRegistry(declared.data) };
};

/** The driver of PostgreSQL is loaded only for a database, so that a start on a file does not wait for it. */
const openStore = async (
  config: Config,
  createIfMissing: boolean,
  onDeliveries: () => void,
): Promise<Store> => {
  if (config.store === undefined) return openSqliteStore(sqlitePathOf(config), { onDeliveries });
  const { openPostgresStore } = await import('../stores/postgres/store.ts');
  return openPostgresStore(config.store, { isFirstStart: createIfMissing, onDeliveries });
};
