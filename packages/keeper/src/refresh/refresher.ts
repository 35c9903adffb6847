import { OUTAGE_REASON, blockedReason, blockedUntil } from '../grants/client-facts.ts';
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

/** Whether a refresh that may begin now would be the canary of an outage. */
const isCanary = (engine: Engine, grant: Grant): boolean => {
  const client = engine.clients.get(grant.client);
  return client !== undefined && factsFor(engine, grant, client, engine.store.nowMs()).outage !== undefined;
};

/**
 * One refresh per grant at a time, within the budget of its client. During an outage, who waits also waits for the canary that
 * this process has out: its answer may be there at once, and the next one may be minutes away.
 */
export const createRefresher = (engine: Engine, budget: Budget, onEnd: () => void): Refresher => {
  const running = new Map<string, Promise<Refreshed>>();
  /** By client. Several may begin together: one of them gets the right to send, the others end at once. */
  const canaries = new Map<string, Set<Promise<Refreshed>>>();

  const noteCanary = (client: string, refreshing: Promise<Refreshed>): void => {
    const out = canaries.get(client) ?? new Set();
    canaries.set(client, out.add(refreshing));
    const end = (): void => {
      out.delete(refreshing);
    };
    refreshing.then(end, end);
  };

  const begin = (grant: Grant, isWanted: boolean): Promise<Refreshed> => {
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
    if (isCanary(engine, grant)) noteCanary(client, refreshing);
    return refreshing;
  };

  const beginAfterCanary = async (grant: Grant): Promise<Refreshed> => {
    const refreshed = await begin(grant, true);
    const out = canaries.get(grant.client);
    if (
      refreshed.kind !== 'later' ||
      refreshed.reason !== OUTAGE_REASON ||
      out === undefined ||
      out.size === 0
    )
      return refreshed;
    await Promise.allSettled(out);
    return begin(grant, true);
  };

  return {
    isRefreshing: (grantId) => running.has(grantId),
    refresh: (grant, isWanted) => (isWanted ? beginAfterCanary(grant) : begin(grant, false)),
  };
};
