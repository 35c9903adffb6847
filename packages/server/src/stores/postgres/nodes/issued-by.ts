import type { Verdict } from '../../../grants/judge.ts';
import type { Transaction, Value } from '../connection/transaction.ts';

/**
 * Who made the current generation of a grant, or redeemed a code: a node, by its number, in one of its beats. A client that
 * was answered 503 by a node may come to another one, which has to know whether that was so. Up to the
 * beat that a node has decided, all that it made was answered, or is marked as `UNANSWERED`.
 */
export type Maker = bigint;

/** Nobody was given the answer, so whoever presents the predecessor is asked to have it. */
export const UNANSWERED: Maker = 0n;

const BEATS = 2n ** 32n;

export const makerOf = (node: number, beat: number): Maker => BigInt(node) * BEATS + BigInt(beat);

export const nodeOf = (maker: Maker): number => Number(maker / BEATS);

const beatOf = (maker: Maker): number => Number(maker % BEATS);

export const toMaker = (value: Value): Maker | undefined =>
  value === null || value === undefined ? undefined : BigInt(String(value));

/** Whether an answer was given. */
export type Answering =
  /** It was; or nobody can tell any more, and the policy decides as if it was. */
  | 'given'
  /** It was not, or the node that could say so was missed for the whole lease. */
  | 'not_given'
  /** The node that made it is about to say so. */
  | 'not_known_yet';

/** What a verdict on a predecessor needs of the node that it is made at. */
type Judge = { readonly isOwn: (maker: Maker) => boolean; readonly leaseMs: number };

/** By the clock of the database, which is one for all. */
export const DATABASE_NOW_MS = 'floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint';

/** The node finds no time of its own to be missed in: it is asked for by whoever needs it, from then on. */
const MISS = `UPDATE nodes SET missed_at_ms = coalesce(missed_at_ms, ${DATABASE_NOW_MS})
  WHERE number = $1 AND decided_beat < $2 RETURNING ${DATABASE_NOW_MS} - missed_at_ms AS missed_for_ms`;

/**
 * Whether the current generation of a grant or a code that is held was ever answered. An idle node writes nothing; it has
 * told of all it made. So what is not told yet was made just now, or by a node that is lost or cut off: its time
 * runs from the first who missed it, and ends when it writes again.
 */
export const weigh = async (
  { ask }: Transaction,
  maker: Maker | undefined,
  { isOwn, leaseMs }: Judge,
): Promise<Answering> => {
  if (maker === UNANSWERED) return 'not_given';
  // What this very node did not answer is known in its memory, and was taken into account before.
  if (maker === undefined || isOwn(maker)) return 'given';
  const [row] = await ask(MISS, [nodeOf(maker), beatOf(maker)]);
  if (row === undefined) return 'given';
  return Number(row['missed_for_ms']) < leaseMs ? 'not_known_yet' : 'not_given';
};

/** Whether the verdict takes it that a predecessor's answer was given. */
export const isDenied = (verdict: Verdict): boolean =>
  verdict.kind === 'replay' || (verdict.kind === 'refuse' && verdict.reason === 'concurrent_use');
