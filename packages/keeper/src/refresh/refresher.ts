import { blockedReason, blockedUntil } from '../grants/client-facts.ts';
import type { Grant } from '../grants/grant.ts';
import type { Budget } from './budget.ts';
import { factsFor } from './claim.ts';
import type { Engine } from './engine.ts';
import { refreshGrant } from './refresh.ts';
import type { Refreshed } from './refreshed.ts';

/** Refreshes a grant, or joins the refresh that this process is at already. `isWanted`: somebody waits for it. Nobody cancels it. */
export type Refresher = {
  refresh(grant: Grant, isWanted: boolean): Promise<Refreshed>;
  isRefreshing(grantId: string): boolean;
};

/**
 * What can be answered without a place in the budget: during an outage, thousands of callers would use it up for grants that
 * must wait in any case. A grant in any doubt is looked at in full, because an answer to it may be stored.
 */
const whatWaits = (engine: Engine, grant: Grant): Refreshed | undefined => {
  const { state, due } = grant;
  const client = engine.clients.get(grant.client);
  if (state !== 'active' || client === undefined) return undefined;
  const nowMs = engine.store.nowMs();
  const facts = factsFor(engine, grant, client, nowMs);
  const blockedUntilMs = blockedUntil(facts, nowMs);
  if (blockedUntilMs !== undefined)
    return { kind: 'later', grant, reason: blockedReason(facts), retryAtMs: blockedUntilMs };
  if (due?.rank !== 0 || due.atMs <= nowMs) return undefined;
  return { kind: 'later', grant, reason: 'retry_later', retryAtMs: due.atMs };
};

/** One refresh per grant at a time, within the budget of its client. */
export const createRefresher = (engine: Engine, budget: Budget, onEnd: () => void): Refresher => {
  const running = new Map<string, Promise<Refreshed>>();
  return {
    isRefreshing: (grantId) => running.has(grantId),
    refresh(grant, isWanted) {
      const { id, client } = grant;
      const joined = running.get(id);
      if (joined !== undefined) return joined;
      const waiting = whatWaits(engine, grant);
      if (waiting !== undefined) return Promise.resolve(waiting);
      const refreshing = budget
        .run(client, isWanted, () => refreshGrant(engine, grant))
        .finally(() => {
          running.delete(id);
          onEnd();
        });
      running.set(id, refreshing);
      return refreshing;
    },
  };
};
