import type { Query } from './send.ts';
import { COUNTERS } from './schema.ts';

const RAISE = 'UPDATE keeper_counters SET pairs = pairs + :pairs WHERE number = :number';

/**
 * Counts one stored pair, last in its transaction. Exact, unlike a sequence, which jumps after a crash: a database that was
 * put back by a single pair has a lower count.
 */
export const countPair = async (query: Query, grantId: string): Promise<void> => {
  await query(RAISE, { number: numberOf(grantId), pairs: 1 });
};

const numberOf = (grantId: string): number =>
  Buffer.from(grantId).reduce((sum, byte) => (sum * 31 + byte) % 65_521, 0) % COUNTERS;

/** Counts the pairs of many grants, last in their transaction, in one order for all processes. */
export const countPairs = async (query: Query, grantIds: readonly string[]): Promise<void> => {
  const counts = new Map<number, number>();
  for (const number of grantIds.map(numberOf)) counts.set(number, (counts.get(number) ?? 0) + 1);
  for (const [number, pairs] of [...counts].sort(([one], [other]) => one - other))
    await query(RAISE, { number, pairs });
};
