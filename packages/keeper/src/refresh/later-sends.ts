import { atLatest, isInsideOverlap } from '../grants/ambiguity.ts';
import { MEANINGS } from '../grants/answer-class.ts';
import type { Grant, OpenSends } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import type { Millis } from '../time.ts';
import type { Engine } from './engine.ts';
import type { Answer } from './read-answer.ts';

/**
 * Whether a repeat may end the pair that an earlier send brought, as far as is known of the provider. Then only the answer
 * to the last send is the pair that lives.
 */
export const mayRepeatsEndPairs = ({ book }: Engine, { name, provider }: NamedClient): boolean =>
  provider.repeats.kind === 'overlap' && book.facts(name).learned.repeatGives !== 'same_pair';

type NamedClient = Pick<Client, 'provider'> & { readonly name: string };

/** Whether the token of these sends may be sent again, and is answered with a pair that lives. */
export const mayRepeat = (
  engine: Engine,
  { provider }: Pick<Client, 'provider'>,
  sends: OpenSends,
): boolean =>
  isInsideOverlap(
    atLatest(sends, engine.store.latest),
    provider.repeats,
    engine.store.nowMs(),
    engine.timing,
  );

/**
 * Whether the answer to one send must wait: a later send of the row has no answer yet and may have ended its pair, and the
 * token can still be sent again.
 */
export const mustWait = (
  engine: Engine,
  client: Client,
  row: Pick<Grant, 'client' | 'sends'>,
  sentAtMs: Millis,
): boolean =>
  row.sends.lastAtMs !== undefined &&
  row.sends.lastAtMs > sentAtMs &&
  mayRepeatsEndPairs(engine, { ...client, name: row.client }) &&
  mayRepeat(engine, client, row.sends);

/** Whether the sends after the last one that brought a pair leave it alive. `false` where none brought one. */
export const isDecided = (
  sends: readonly { readonly ending?: { readonly answer: Pick<Answer, 'class' | 'pair'> } }[],
): boolean => {
  const lastPair = sends.findLastIndex(({ ending }) => ending?.answer.pair !== undefined);
  if (lastPair < 0) return false;
  return sends
    .slice(lastPair + 1)
    .every(({ ending }) => ending !== undefined && MEANINGS[ending.answer.class].isSpent !== 'maybe');
};
