import { KeeperError } from '../errors.ts';
import { openGuard } from '../start/guard.ts';
import type { Store } from '../stores/store.ts';
import { QUARANTINES } from './doctor/examine-store.ts';

/** Whether a store may send, and why not. */
export type QuarantineReport = {
  readonly isQuarantined: boolean;
  readonly reason: string | null;
  /** The same in one sentence. */
  readonly why: string;
};

/** Puts the store in quarantine on this machine: from the next start on, keepers serve tokens and send nothing. */
export const quarantineStore = async (
  store: Pick<Store, 'guardFile' | 'identity'>,
): Promise<QuarantineReport> => {
  if (store.guardFile === undefined)
    throw new KeeperError(
      'guard_missing',
      'Nothing is noted beside this store, so it cannot be held back',
      'Set "directory" (KEEPER_DIRECTORY) to a directory that outlives the process.',
    );
  openGuard(store.guardFile).hold(await store.identity());
  return reportOf('by_hand');
};

/** Why a keeper of this machine would send nothing; `undefined` where all is well. */
export const quarantineOf = async (
  store: Pick<Store, 'guardFile' | 'identity'>,
): Promise<string | undefined> => {
  if (store.guardFile === undefined) return undefined;
  const guard = openGuard(store.guardFile);
  // Another process may have noted a newer state between the two looks.
  return guard.check(await store.identity()) && guard.check(await store.identity());
};

/** Why a store is in quarantine, as a report. */
export const reportOf = (reason: string | undefined): QuarantineReport => ({
  isQuarantined: reason !== undefined,
  reason: reason ?? null,
  why:
    reason === undefined
      ? 'This store may send.'
      : `This store sends nothing: ${QUARANTINES[reason] ?? reason}. Valid access tokens are still served.`,
});
