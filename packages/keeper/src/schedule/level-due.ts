import { planMoves } from '../grants/level.ts';
import type { Engine } from '../refresh/engine.ts';
import type { DueRank } from '../grants/grant.ts';
import { sleep } from '../time.ts';
import type { Millis } from '../time.ts';

const STEP_MS = 3_600_000;
/** A week. An idle grant loses so much of the fifteen days that are left to it at the least. */
const STEPS = 168;
/** The rest of the budget is for what nobody has planned. */
const USED_PART = 0.8;
/** Refreshes for callers may take nearly all of a budget: idle grants get this part of it in any case. */
const IDLE_PART = 0.1;
/** More rows in one statement would keep the event loop busy. */
const AT_ONCE = 500;

/**
 * Makes idle grants due earlier where more are due in an hour than their client may send in it. Returns how many were moved.
 * Several processes may do it at once: each reads what the others have left.
 */
export const levelDue = async ({ store, clients, clock }: Engine): Promise<number> => {
  let moved = 0;
  for (const [client, { perSecondMax }] of clients) {
    const nowMs = store.nowMs();
    const perHour = perSecondMax * 3600 * USED_PART;
    const urgent = (await countSteps(store, client, 0, nowMs))[0] ?? 0;
    const wanted = (await countSteps(store, client, 1, nowMs))[0] ?? 0;
    const capacity = Math.max(perHour * IDLE_PART, perHour - urgent - wanted);
    for (const { from, to, grants } of planMoves(await countSteps(store, client, 2, nowMs), capacity)) {
      const span = { fromMs: nowMs + from * STEP_MS, untilMs: nowMs + (from + 1) * STEP_MS };
      for (let left = grants; left > 0; left -= AT_ONCE) {
        const limit = Math.min(AT_ONCE, left);
        const pulled = await store.pullForward({ client, ...span, byMs: (from - to) * STEP_MS, limit });
        moved += pulled;
        if (pulled < limit) break;
        await sleep(clock, 0);
      }
    }
  }
  return moved;
};

/** What is due in each hour; what is overdue counts as due now. */
const countSteps = async (
  store: Engine['store'],
  client: string,
  rank: DueRank,
  fromMs: Millis,
): Promise<readonly number[]> => {
  const counts = Array.from({ length: STEPS }, () => 0);
  const span = { fromMs, untilMs: fromMs + STEPS * STEP_MS, stepMs: STEP_MS };
  for (const { step, grants } of await store.dueSteps({ client, rank }, span)) {
    const at = Math.max(0, step);
    counts[at] = (counts[at] ?? 0) + grants;
  }
  return counts;
};
