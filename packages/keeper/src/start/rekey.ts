import { KeeperError } from '../errors.ts';
import type { Grant } from '../grants/grant.ts';
import type { Engine } from '../refresh/engine.ts';
import { openAnswer, openPair, placeOfPair, sealAnswer, sealPair } from '../refresh/pair.ts';
import type { KeyPage, StoredAnswer } from '../stores/store.ts';
import { bindKey, isKeyBound } from '../service/bind-key.ts';
import { sleep } from '../time.ts';
import { isOfCurrentKey } from '../vault/bind.ts';
import { rebindConnections } from './bind-connections.ts';
import type { KeyedBinder } from './link-binder.ts';

/** How far a change of keys has come. */
export type Rekeyed = {
  /** Values that are sealed with the current key now, and were not before. */
  readonly resealed: number;
  /** Values that were changed meanwhile by a refresh: the next run looks at them again. */
  readonly moved: number;
};

/** So many rows are looked at in one turn of the event loop, and so many written at once. */
const LOOK_AT_ONCE = 1000;
const WRITE_AT_ONCE = 50;

/**
 * Seals everything with the current key that was sealed with another one. It may run while keepers work, and may be
 * stopped at any time. Afterwards the old key can be removed from the ring. What cannot be opened stops nothing else: at
 * the end, the first `KeeperError` about it is thrown.
 */
export const rekey = async (
  engine: Engine,
  links: KeyedBinder,
  onProgress: (resealed: number) => void,
): Promise<Rekeyed> => {
  const { store, keys, clock } = engine;
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
  const sealAnew = async (grant: Grant): Promise<void> => {
    const pair = openedOr(() => openPair(keys, grant));
    if (pair === undefined) return;
    const { sealed, lookup } = sealPair(keys, placeOfPair(grant), pair, grant);
    if (await store.reseal(grant.id, grant, { sealed, lookup })) resealed += 1;
    else moved += 1;
  };
  const sealAnswerAnew = async (answer: StoredAnswer): Promise<void> => {
    const body = openedOr(() => openAnswer(keys, answer));
    if (body === undefined) return;
    const { sealed } = sealAnswer(keys, { ...answer, id: answer.grantId }, { ...answer, body });
    await store.resealAnswer(answer.id, sealed);
    resealed += 1;
  };
  /** Between pages and writes, other work gets its turn: a store in this process answers at once. */
  const goThrough = async <Row>(
    read: (after: string) => Promise<KeyPage<Row>>,
    work: (row: Row) => Promise<void>,
  ): Promise<void> => {
    for (let after: string | undefined = ''; after !== undefined;) {
      const page: KeyPage<Row> = await read(after);
      for (let from = 0; from < page.rows.length; from += WRITE_AT_ONCE) {
        await Promise.all(page.rows.slice(from, from + WRITE_AT_ONCE).map(work));
        await sleep(clock, 0);
      }
      onProgress(resealed);
      after = page.after;
      await sleep(clock, 0);
    }
  };
  await goThrough((after) => store.grantsUnderOtherKeys(keyId, after, LOOK_AT_ONCE), sealAnew);
  await goThrough((after) => store.answersUnderOtherKeys(keyId, after, LOOK_AT_ONCE), sealAnswerAnew);
  resealed += await rebindServiceKeys(engine);
  await rebindConnections({ ...engine, links });
  if (unopened !== undefined) throw unopened;
  return { resealed, moved };
};

/** Binds the keys of the service with the current key. One that was not bound stays refused. */
const rebindServiceKeys = async ({ store, keys }: Engine): Promise<number> => {
  const others = (await store.serviceKeys()).filter(
    (key) => isKeyBound(keys, key) && !isOfCurrentKey(keys, key.binding),
  );
  for (const key of others) await store.rebindServiceKey(key, bindKey(keys, key));
  return others.length;
};
