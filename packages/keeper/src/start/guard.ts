import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { Identity } from '../stores/store.ts';

/**
 * What this machine knows about the store, outside of it. A store that was copied or put back from a backup does not fit:
 * its refresh tokens may have been used by somebody else, and sending them would end the grants.
 */
export type Guard = {
  /** Why nothing may be sent; `undefined` where everything fits. */
  check(identity: Identity): string | undefined;
  /** Notes how far the store has come; not where it is held back. */
  note(identity: Identity): void;
  /** Notes that this store is the only one that sends: nothing stands against it any more. */
  adopt(identity: Identity): void;
  /** Holds the store back: nothing is sent from the next start on. */
  hold(identity: Identity): void;
};

type Noted = Pick<Identity, 'deploymentId' | 'place' | 'highWater'> & { readonly isHeld?: boolean };

/** For a store that nobody can copy. */
export const NO_GUARD: Guard = {
  check: () => undefined,
  note: () => undefined,
  adopt: () => undefined,
  hold: () => undefined,
};

/** A guard in a file beside the store. */
export const openGuard = (path: string): Guard => {
  let last = -1;
  const write = ({ deploymentId, place, highWater }: Identity, more: Pick<Noted, 'isHeld'> = {}): void => {
    last = highWater;
    writeWhole(path, JSON.stringify({ deploymentId, place, highWater, ...more }));
  };
  return {
    check: (identity) => judge(identity, readNoted(path)),
    note(identity) {
      if (identity.highWater !== last && readNoted(path)?.isHeld !== true) write(identity);
    },
    adopt: (identity) => write(identity),
    hold: (identity) => write(identity, { isHeld: true }),
  };
};

/** Why a store does not fit to what was noted. A store that has never held a pair fits always. */
const judge = (identity: Identity, noted: Noted | undefined): string | undefined => {
  if (identity.highWater === 0 && noted === undefined) return undefined;
  if (noted === undefined) return 'store_copied';
  if (noted.isHeld === true) return 'by_hand';
  if (noted.deploymentId !== identity.deploymentId) return 'store_foreign';
  if (noted.place !== identity.place) return 'store_copied';
  return noted.highWater > identity.highWater ? 'store_restored' : undefined;
};

const readNoted = (path: string): Noted | undefined => {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Noted;
  } catch {
    return { deploymentId: '', place: '', highWater: 0 };
  }
};

const writeWhole = (path: string, text: string): void => {
  const draft = `${path}.${process.pid}`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
};
