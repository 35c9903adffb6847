import type { Millis } from '../clock.ts';
import type { Grant } from './grant.ts';
import type { Vehicle } from './vehicle.ts';

/** A grant whose first refresh token another server issued. */
export type ImportedGrant = {
  /** As it begins here: at generation 0, for which that token stands. */
  readonly grant: Grant;
  /** SHA-256 of the token. */
  readonly digest: Uint8Array;
  /** Of the token. */
  readonly expiresAtMs: Millis;
  readonly vehicles: readonly Vehicle[];
};

/** The outcome for one grant of an import. */
export type ImportOutcome =
  | 'imported'
  /** The same token of the same grant was imported before: nothing changes. */
  | 'there_already'
  /** The token stands for another grant. */
  | 'token_taken'
  | 'client_unknown'
  /** Another grant has this id, although its token is another: to be tried again with a new one. */
  | 'id_taken';

/** How the grant that an imported token already stands for compares with the one that is wanted for it. */
export const compareImport = (there: Grant, wanted: Grant): 'there_already' | 'token_taken' =>
  there.clientId === wanted.clientId &&
  there.subject === wanted.subject &&
  there.scope === wanted.scope &&
  there.brand === wanted.brand
    ? 'there_already'
    : 'token_taken';
