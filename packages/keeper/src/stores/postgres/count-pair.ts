import type { Query } from './send.ts';
import { COUNTERS } from './schema.ts';

const RAISE = 'UPDATE keeper_counters SET pairs = pairs + 1 WHERE number = :number';

/**
 * Counts one stored pair, last in its transaction. Exact, unlike a sequence, which jumps after a crash: a database that was
 * put back by a single pair has a lower count.
 */
export const countPair = async (query: Query, grantId: string): Promise<void> => {
  const number = Buffer.from(grantId).reduce((sum, byte) => (sum * 31 + byte) % 65_521, 0) % COUNTERS;
  await query(RAISE, { number });
};
