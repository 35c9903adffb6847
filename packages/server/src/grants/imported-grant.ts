import type { Client } from '../clients/client.ts';
import { digestImportedToken, IMPORTED_TOKEN_MAX_CHARACTERS } from '../tokens/imported-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import type { Grant } from './grant.ts';
import type { Store } from './store.ts';
import type { Vehicle } from './vehicle.ts';

/** A grant whose first refresh token was issued elsewhere. */
export type ImportedGrant = {
  /** As it begins here: at generation 0, for which that token stands. */
  readonly grant: Grant;
  /** SHA-256 of the token. */
  readonly digest: Uint8Array;
  /** Of the token, integer seconds. */
  readonly expiresAt: number;
  readonly vehicles: readonly Vehicle[];
};

/** What became of one grant of an import. */
export type ImportOutcome =
  | 'imported'
  /** The same token of the same grant was imported before: nothing is changed. */
  | 'there_already'
  /** The token stands for another grant. */
  | 'token_taken'
  | 'client_unknown'
  /** Another grant has this id, although its token is another: to be tried again with a new one. */
  | 'id_taken';

/** What a grant that an imported token stands for already is to the one that is wanted for it. */
export const compareImport = (there: Grant, wanted: Grant): 'there_already' | 'token_taken' =>
  there.clientId === wanted.clientId &&
  there.subject === wanted.subject &&
  there.scope === wanted.scope &&
  there.brand === wanted.brand
    ? 'there_already'
    : 'token_taken';

/** The generation that every imported token stands for; the first that its grant gives out is the next. */
const IMPORTED_GENERATION = 0;

/**
 * What a refresh token says that we did not issue, read from the store; `undefined` for one that was not imported. The
 * store is asked for clients with such tokens only. Whose it is, and whether it lives, is for `judge` to say.
 */
export const findImportedToken = async (
  store: Pick<Store, 'findImported'>,
  client: Client,
  text: string,
): Promise<OpenedRefreshToken | undefined> => {
  if (client.hasImportedTokens !== true || text.length > IMPORTED_TOKEN_MAX_CHARACTERS) return undefined;
  const [grant] = await store.findImported([digestImportedToken(text)]);
  return grant === undefined ? undefined : { grantId: grant.id, generation: IMPORTED_GENERATION };
};
