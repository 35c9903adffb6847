import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDeployment, parseConfig, STORE_FILE } from '@keyfob/server';
import type { Deployment } from '@keyfob/server';
import type { KeyRing } from '@keyfob/server/tokens';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';

/** The client that refreshes the grants of one dialect. */
export type Credentials = { readonly clientId: string; readonly clientSecret: string };

/** The file next to an imported store, which allows a later run to refresh its grants. */
type VolumeFile = {
  readonly grants: number;
  readonly clients: Readonly<Record<'smartcar' | 'pleos', Credentials>>;
  /** At least the number of uses so far. Grants are used in turn, so it gives the generation of each grant. */
  uses: number;
};

/** A data directory full of grants. */
export type Volume = Readonly<Omit<VolumeFile, 'uses'>> & {
  readonly directory: string;
  readonly keyRing: KeyRing;
  /** Reserves the next `count` uses and returns the number of the first. */
  reserveUses(count: number): number;
};

const VOLUME_FILE = 'volume.json';

/** Creates a directory that is removed when this process exits, or earlier. */
export const makeScratchDirectory = (): string => {
  const directory = makeDataDirectory();
  process.once('exit', () => removeDataDirectory(directory));
  return directory;
};

/** Opens a data directory and creates it if it is missing. */
export const openDirectory = (directory: string): Promise<Deployment> =>
  openDeployment(parseConfig({ flags: { data: directory }, environment: {}, file: {} }), {
    createIfMissing: true,
  });

/** Whether an import into this directory is complete. */
export const hasVolume = (directory: string): boolean => existsSync(join(directory, VOLUME_FILE));

/** Records that the import is complete, and how to refresh its grants. */
export const saveVolume = (directory: string, volumeFile: Omit<VolumeFile, 'uses'>): void =>
  writeVolumeFile(directory, { ...volumeFile, uses: 0 });

/** Opens an imported directory. Upgrades an older store to the newest schema. */
export const openVolume = async (directory: string): Promise<Volume> => {
  const volumeFile = JSON.parse(readFileSync(join(directory, VOLUME_FILE), 'utf8')) as VolumeFile;
  const deployment = await openDirectory(directory);
  const keyRing = deployment.keyRing;
  await deployment.close();
  const { grants, clients } = volumeFile;
  return {
    directory,
    grants,
    clients,
    keyRing,
    reserveUses(count) {
      const first = volumeFile.uses;
      volumeFile.uses += count;
      // Written before the uses: the server accepts a token that is ahead of its row, but not one that is behind.
      writeVolumeFile(directory, volumeFile);
      return first;
    },
  };
};

/** The size of the database file. Stop the server first: this moves the content of the log into the file. */
export const storeBytes = (directory: string): number => {
  if (logBytes(directory) > 0) throw new Error(`${directory}: the write-ahead log is not empty`);
  return statSync(join(directory, STORE_FILE)).size;
};

/** The size of the write-ahead log; 0 if it is missing. */
export const logBytes = (directory: string): number =>
  statSync(join(directory, `${STORE_FILE}-wal`), { throwIfNoEntry: false })?.size ?? 0;

const writeVolumeFile = (directory: string, volumeFile: VolumeFile): void =>
  writeFileSync(join(directory, VOLUME_FILE), `${JSON.stringify(volumeFile)}\n`, { mode: 0o600 });
