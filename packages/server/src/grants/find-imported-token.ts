import type { Client } from '../clients/client.ts';
import { digestImportedToken, IMPORTED_TOKEN_MAX_CHARACTERS } from '../tokens/imported-token.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import type { ImportStore } from './import-store.ts';

/** The generation that every imported token stands for; the first that its grant gives out is the next. */
const IMPORTED_GENERATION = 0;

/**
 * What an imported refresh token says, read from the store; `undefined` for one that was not imported. The store is
 * asked only for clients that have such tokens. Whose it is, and whether it is alive, is for `judge` to decide.
 */
export const findImportedToken = async (
  { store, keyRing }: { readonly store: Pick<ImportStore, 'findImported'>; readonly keyRing: KeyRing },
  client: Client,
  text: string,
): Promise<OpenedRefreshToken | undefined> => {
  if (client.hasImportedTokens !== true || text.length > IMPORTED_TOKEN_MAX_CHARACTERS) return undefined;
  const [grant] = await store.findImported([digestImportedToken(text)]);
  if (grant === undefined) return undefined;
  const imported = { withdrawnKey: isUsable(keyRing, grant.keyNumber) ? undefined : grant.keyNumber };
  return { grantId: grant.id, generation: IMPORTED_GENERATION, imported };
};

/** A key that the ring does not have yet is usable: the answer waits for it. An older one that it lacks is gone for good. */
const isUsable = ({ seal, newestNumber }: KeyRing, number: number): boolean => {
  const key = seal.find(number);
  return key === undefined ? number > newestNumber : key.withdrawal === undefined;
};
