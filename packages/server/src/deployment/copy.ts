import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { OperatorError, StoreError } from '../errors.ts';
import { copyStore, resumeSource } from '../stores/copy/copy.ts';
import type { Copied, CopyProgress } from '../stores/copy/copy.ts';
import type { CopyEndpoint, MoveState } from '../stores/copy/endpoint.ts';
import { makeDirectory } from '../stores/directory.ts';
import { keyFileSource, keyTextSource } from '../stores/key-file.ts';
import type { KeySource } from '../stores/key-file.ts';
import { refuseOtherKeys } from './keys.ts';
import { KEY_FILE, STORE_FILE } from './names.ts';

export type { Copied, CopyPhase } from '../stores/copy/copy.ts';

/** A store as `--from` and `--to` name it: `sqlite:DIRECTORY` or `postgres://...`. */
export type StoreAddress =
  | { readonly kind: 'sqlite'; readonly directory: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** Reads such an address; `undefined` for anything else. */
export const parseStoreAddress = (text: string): StoreAddress | undefined => {
  if (/^postgres(?:ql)?:\/\/./.test(text)) return { kind: 'postgres', url: text };
  const directory = /^sqlite:(?:\/\/)?(?<directory>.+)$/s.exec(text)?.groups?.['directory'];
  return directory === undefined ? undefined : { kind: 'sqlite', directory: resolve(directory) };
};

/** What came of a copy, with the names of both stores as they may be shown. */
export type DeploymentCopied = Copied & {
  readonly from: string;
  readonly to: string;
  readonly keyRing: string;
};

/**
 * Copies one store into another while servers serve from the first, and at the end has it moved. The key ring must hold every
 * key that sealed tokens of it. Throws `OperatorError`.
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
        const remedy = 'Name another store by --to.';
        throw new OperatorError('copy_onto_itself', `${source.name}: is both source and target`, remedy);
      }
      const copied = await copyStore({
        source: naming(source),
        target: naming(target),
        ...options,
        checkKeys: (registered) => refuseOtherKeys(registered, keys.read(), keys.name),
        now: () => performance.now(),
      }).catch(async (error: unknown) => {
        throw error instanceof StoreError ? await brokenOff(error, source) : error;
      });
      return { ...copied, from: source.name, to: target.name, keyRing: keys.name };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
};

/** Has every failure of a store say which of the two it was. */
const naming = (end: CopyEndpoint): CopyEndpoint =>
  new Proxy(end, {
    get(of, name, self) {
      const verb: unknown = Reflect.get(of, name, self);
      if (typeof verb !== 'function') return verb;
      return async (...words: readonly unknown[]): Promise<unknown> => {
        try {
          return await (verb as (...them: readonly unknown[]) => unknown)(...words);
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
          throw new StoreError(error.kind, `${end.name}: ${error.message}`, { cause: error });
        }
      };
    },
  });

/** `undefined` where the store fails. */
const readMoveStateIfAny = async (end: CopyEndpoint): Promise<MoveState | undefined> => {
  try {
    return await end.readMoveState();
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
};

/** A failure of either store, with what it means for whoever is served from the source. */
const brokenOff = async (error: StoreError, source: CopyEndpoint): Promise<OperatorError> => {
  const standing = await readMoveStateIfAny(source);
  const stands =
    standing === undefined
      ? 'Whether the source serves on is told by "keyfob doctor".'
      : standing.movedTo === undefined
        ? 'The source serves on.'
        : 'The source serves nothing meanwhile; to call the move off: "keyfob copy --from" it with --resume-source.';
  const remedy = `Nothing is lost: remedy that, and give the same command again, which goes on where it was. ${stands}`;
  return new OperatorError('copy_broken_off', error.message, remedy, { cause: error });
};

/** Lets a store that was moved serve again, and answers its name and where it had moved to. Throws `OperatorError`. */
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

/** As a server finds its ring; beside a store that is a file where none is named. */
const findKeys = ({ key, keyFile }: Config, addresses: readonly StoreAddress[]): KeySource => {
  if (key !== undefined) return keyTextSource(key);
  const beside = addresses.flatMap((address) =>
    address.kind === 'sqlite' ? [join(address.directory, KEY_FILE)] : [],
  );
  const path = keyFile ?? beside.find((one) => existsSync(one));
  if (path !== undefined && existsSync(path)) return keyFileSource(path);
  throw new OperatorError(
    'key_missing',
    path === undefined
      ? 'no key ring is named, and none lies beside a store'
      : `${path}: the key file is missing`,
    'Name the ring that sealed the tokens of the source by --key-file or KEYFOB_KEY. It is not copied, but checked.',
  );
};
