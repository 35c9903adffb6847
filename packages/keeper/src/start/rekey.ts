import { KeeperError } from '../errors.ts';
import type { Engine } from '../refresh/engine.ts';
import { openAnswer, openPair, sealAnswer, sealPair } from '../refresh/pair.ts';

/** How far a change of keys has come. */
export type Rekeyed = {
  /** Values that are sealed with the current key now, and were not before. */
  readonly resealed: number;
  /** Values that were changed meanwhile by a refresh: the next run looks at them again. */
  readonly moved: number;
};

const AT_ONCE = 200;

/**
 * Seals everything with the current key that was sealed with another one. It may run while keepers work, and may be
 * stopped at any time. Afterwards the old key can be removed from the ring. What cannot be opened stops nothing else: at
 * the end, the first `KeeperError` about it is thrown.
 */
export const rekey = async (engine: Engine, onProgress: (resealed: number) => void): Promise<Rekeyed> => {
  const { store, keys } = engine;
  const keyId = Buffer.from(keys.current.id, 'hex');
  let resealed = 0;
  let moved = 0;
  let unopened: KeeperError | undefined;
  const openedOr = <Opened>(open: () => Opened): Opened | undefined => {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error;
      unopened ??= error;
      return undefined;
    }
  };
  for (let after = ''; ;) {
    const grants = await store.grantsUnderOtherKeys(keyId, after, AT_ONCE);
    for (const grant of grants) {
      const pair = openedOr(() => openPair(keys, grant));
      if (pair === undefined) continue;
      const { sealed, lookup } = sealPair(keys, grant, pair, grant);
      if (await store.reseal(grant.id, grant, { sealed, lookup })) resealed += 1;
      else moved += 1;
    }
    onProgress(resealed);
    after = grants.at(-1)?.id ?? '';
    if (grants.length < AT_ONCE) break;
  }
  for (const answer of await store.answersUnderOtherKeys(keyId)) {
    const body = openedOr(() => openAnswer(keys, answer));
    if (body === undefined) continue;
    await store.resealAnswer(
      answer.id,
      sealAnswer(keys, { ...answer, id: answer.grantId }, { ...answer, body }).sealed,
    );
    resealed += 1;
  }
  if (unopened !== undefined) throw unopened;
  return { resealed, moved };
};
