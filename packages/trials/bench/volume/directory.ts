import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDeployment, parseConfig, STORE_FILE } from '@keyfob/server';
import type { Deployment } from '@keyfob/server';
import type { KeyRing } from '@keyfob/server/tokens';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';

/** Who refreshes the grants of one dialect. */
export type Credentials = { readonly clientId: string; readonly clientSecret: string };

/** What is kept beside an imported store, so that a later run can refresh its grants. */
type Kept = {
  readonly grants: number;
  readonly clients: Readonly<Record<'smartcar' | 'pleos', Credentials>>;
  /** Uses of refresh tokens so far, or more: the grants are used in turn, so this says how far each has come. */
  uses: number;
};

/** A data directory full of grants. */
export type Volume = Readonly<Omit<Kept, 'uses'>> & {
  readonly directory: string;
  readonly keyRing: KeyRing;
  /** Sets the next `count` uses aside and answers the number of the first. */
  takeUses(count: number): number;
};

const KEPT_FILE = 'volume.json';

/** A directory for a store, which is gone with this process at the latest. */
export const makeScratchDirectory = (): string => {
  const directory = makeDataDirectory();
  process.once('exit', () => removeDataDirectory(directory));
  return directory;
};

/** Opens a data directory, made where it is not there. */
export const openDirectory = (directory: string): Promise<Deployment> =>
  openDeployment(parseConfig({ flags: { data: directory }, environment: {}, file: {} }), {
    createIfMissing: true,
  });

/** Whether an import of grants into this directory has come to its end. */
export const hasVolume = (directory: string): boolean => existsSync(join(directory, KEPT_FILE));

/** Notes that the import is done, and how its grants are refreshed. */
export const keepVolume = (directory: string, kept: Omit<Kept, 'uses'>): void =>
  writeKept(directory, { ...kept, uses: 0 });

/** The grants that were imported into a directory. Brings an older store to the newest schema. */
export const openVolume = async (directory: string): Promise<Volume> => {
  const kept = JSON.parse(readFileSync(join(directory, KEPT_FILE), 'utf8')) as Kept;
  const deployment = await openDirectory(directory);
  const keyRing = deployment.keyRing;
  await deployment.close();
  const { grants, clients } = kept;
  return {
    directory,
    grants,
    clients,
    keyRing,
    takeUses(count) {
      const first = kept.uses;
      kept.uses += count;
      // Before they happen: a token that is ahead of its row is taken, one that is behind is not.
      writeKept(directory, kept);
      return first;
    },
  };
};

/** Bytes of the store's database file. The server that had it open has to have stopped, which empties the log into it. */
export const storeBytes = (directory: string): number => {
  if (logBytes(directory) > 0) throw new Error(`${directory}: the log has not been emptied into the store`);
  return statSync(join(directory, STORE_FILE)).size;
};

/** Bytes of the write-ahead log; 0 where there is none. */
export const logBytes = (directory: string): number =>
  statSync(join(directory, `${STORE_FILE}-wal`), { throwIfNoEntry: false })?.size ?? 0;

const writeKept = (directory: string, kept: Kept): void =>
  writeFileSync(join(directory, KEPT_FILE), `${JSON.stringify(kept)}\n`, { mode: 0o600 });
