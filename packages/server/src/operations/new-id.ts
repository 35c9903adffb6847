import type { Randomness } from '../randomness.ts';
import type { GrantId } from '../tokens/grant-id.ts';

/** The id of a grant to create. */
export const newGrantId = (randomness: Pick<Randomness, 'bytes'>): GrantId =>
  randomness.bytes(8).readBigInt64BE();

/** The id of a webhook, an operator key or a registration token to make. */
export const newShortId = (randomness: Pick<Randomness, 'bytes'>): string =>
  randomness.bytes(6).toString('hex');
