import type { Store } from '../stores/store.ts';
import { days } from '../time.ts';

/** So many days before the end of a refresh token that could not be refreshed, somebody is warned. */
const WARNINGS: readonly number[] = [1, 3, 7, 14];
const WARNED_AT_ONCE = 1000;

/** Announces `expiring`, once per grant, generation and number of days. */
export const warnOfEnds = async (store: Store): Promise<void> => {
  const nowMs = store.nowMs();
  for (const grant of await store.endingBefore(nowMs + days(14), WARNED_AT_ONCE)) {
    const { refreshExpiresAtMs } = grant;
    if (refreshExpiresAtMs === undefined || refreshExpiresAtMs <= nowMs) continue;
    const daysLeft = WARNINGS.find((count) => refreshExpiresAtMs - nowMs <= days(count));
    if (daysLeft === undefined) continue;
    // A token that never lived so long has nothing to warn of.
    if (refreshExpiresAtMs - grant.issuedAtMs <= days(daysLeft)) continue;
    const once = `expiring ${grant.id} ${grant.epoch}.${grant.generation} ${daysLeft}`;
    await store.announce(grant.id, { kind: 'expiring', refreshExpiresAtMs, daysLeft }, once);
  }
};
