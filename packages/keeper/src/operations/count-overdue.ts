import type { DueRank } from '../grants/grant.ts';
import type { Store } from '../stores/store.ts';

const RANKS: readonly DueRank[] = [0, 1, 2];
/** A refresh that is due for so long was seen by no running keeper, or its client has no budget for it. */
const LATE_MS = 10 * 60_000;

/** How many refreshes of these clients should have been made more than ten minutes ago. */
export const countOverdue = async (
  store: Pick<Store, 'dueSteps' | 'nowMs'>,
  clients: readonly string[],
): Promise<number> => {
  const untilMs = store.nowMs() - LATE_MS;
  const span = { fromMs: untilMs - 1, untilMs, stepMs: 1 };
  let late = 0;
  for (const client of clients)
    for (const rank of RANKS)
      late += (await store.dueSteps({ client, rank }, span)).reduce((sum, { grants }) => sum + grants, 0);
  return late;
};
