import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { OperatorError, StoreError } from '../errors.ts';
import { copyStore, resumeSource } from '../stores/copy/copy.ts';
import type { Copied, CopyProgress } from '../stores/copy/copy.ts';
import type { CopyEndpoint, MoveState } from '../stores/copy/endpoint.ts';
import { makeDirectory } from '../stores/directory.ts';
import { keyFileSource } from './key-file.ts';
import { namedKeySource } from './named-key-source.ts';
import { readKeyRing } from './key-source.ts';
import type { KeySource } from './key-source.ts';
import { refuseOtherKeys } from './keys.ts';
import { KEY_FILE, STORE_FILE } from './names.ts';

export type { Copied, CopyPhase } from '../stores/copy/copy.ts';

/** A store as `--from` and `--to` name it: `sqlite:DIRECTORY` or `postgres://...`. */
export type StoreAddress =
  | { readonly kind: 'sqlite'; readonly directory: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** Parses such an address; `undefined` for anything else. */
export const parseStoreAddress = (text: string): StoreAddress | undefined => {
  if (/^postgres(?:ql)?:\/\/./.test(text)) return { kind: 'postgres', url: text };
  const directory = /^sqlite:(?:\/\/)?(?<directory>.+)$/s.exec(text)?.groups?.['directory'];
  return directory === undefined ? undefined : { kind: 'sqlite', directory: resolve(directory) };
};

/** The result of a copy, with the names of both stores without their secret parts. */
export type DeploymentCopied = Copied & {
  readonly from: string;
  readonly to: string;
  readonly keyRing: string;
};

/**
 * Copies one store into another while servers use the first. With `isSwitching`, the first is marked as moved at the end. The
 * key ring must have every key that sealed tokens of the first. Throws `OperatorError`.
 */
export const copyDeployment = async (
  config: Config,
  from: StoreAddress,
  to: StoreAddress,
  options: { readonly isSwitching: boolean; readonly onProgress: CopyProgress },
): Promise<DeploymentCopied> => {
  const source = await openEndpoint(from, 'source');
  try {
    const keys = findKeys(config, [from, to]);
    if (to.kind === 'sqlite') makeDirectory(to.directory);
    const target = await openEndpoint(to, 'target');
    try {
      if (source.name === target.name) {
        const remedy = 'Name another store with --to.';
        throw new OperatorError('copy_onto_itself', `${source.name}: is both source and target`, remedy);
      }
      const copied = await copyStore({
        source: withNameInErrors(source),
        target: withNameInErrors(target),
        ...options,
        checkKeys: async (registered) => refuseOtherKeys(registered, await readKeyRing(keys), keys.name),
        now: () => performance.now(),
      }).catch(async (error: unknown) => {
        throw error instanceof StoreError ? await describeBreak(error, source) : error;
      });
      return { ...copied, from: source.name, to: target.name, keyRing: keys.name };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
};

/** Adds the name of the store to every `StoreError`, so that the operator sees which of the two failed. */
const withNameInErrors = (endpoint: CopyEndpoint): CopyEndpoint =>
  new Proxy(endpoint, {
    get(target, name, receiver) {
      const verb: unknown = Reflect.get(target, name, receiver);
      if (typeof verb !== 'function') return verb;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        try {
          return await (verb as (...args: readonly unknown[]) => unknown)(...args);
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
          throw new StoreError(error.kind, `${endpoint.name}: ${error.message}`, { cause: error });
        }
      };
    },
  });

/** `undefined` if the store fails. */
const tryReadMoveState = async (endpoint: CopyEndpoint): Promise<MoveState | undefined> => {
  try {
    return await endpoint.readMoveState();
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
};

/** Describes a failure of either store, and whether the source still serves. */
const describeBreak = async (error: StoreError, source: CopyEndpoint): Promise<OperatorError> => {
  const state = await tryReadMoveState(source);
  const sourceState =
    state === undefined
      ? '"keyfob doctor" shows whether the source still serves.'
      : state.movedTo === undefined
        ? 'The source still serves.'
        : 'The source does not serve now; to cancel the move, run "keyfob copy --from" it with --resume-source.';
  const remedy = `Nothing is lost. Fix that and run the same command again; it continues where it stopped. ${sourceState}`;
  return new OperatorError('copy_broken_off', error.message, remedy, { cause: error });
};

/** Lets a store that was moved serve again; answers its name and where it had moved. Throws `OperatorError`. */
export const resumeDeployment = async (
  from: StoreAddress,
): Promise<{ readonly from: string; readonly movedTo: string }> => {
  const source = await openEndpoint(from, 'source');
  try {
    return { from: source.name, ...(await resumeSource(source)) };
  } finally {
    await source.close();
  }
};

const openEndpoint = async (address: StoreAddress, role: 'source' | 'target'): Promise<CopyEndpoint> =>
  address.kind === 'sqlite'
    ? (await import('../stores/sqlite/copy-endpoint.ts')).openSqliteEndpoint(
        join(address.directory, STORE_FILE),
        role,
      )
    : (await import('../stores/postgres/copy-endpoint.ts')).openPostgresEndpoint(address.url, role);

/** The key ring that the configuration names, or else the one in the data directory of a SQLite store. */
const findKeys = (config: Config, addresses: readonly StoreAddress[]): KeySource => {
  const named = namedKeySource(config);
  if (named !== undefined) return named;
  const beside = addresses.flatMap((address) =>
    address.kind === 'sqlite' ? [join(address.directory, KEY_FILE)] : [],
  );
  const path = beside.find((one) => existsSync(one));
  if (path !== undefined) return keyFileSource(path);
  throw new OperatorError(
    'key_missing',
    'no key ring is named, and none is beside a SQLite store',
    'Name the ring that sealed the tokens of the source with --key-file, KEYFOB_KEY or KEYFOB_KEY_COMMAND. It is checked, not copied.',
  );
};
