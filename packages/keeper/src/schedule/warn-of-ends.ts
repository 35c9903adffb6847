import type { GrantEvent } from '../grants/events.ts';
import type { Grant } from '../grants/grant.ts';
import type { Store } from '../stores/store.ts';
import { days, sleep } from '../time.ts';
import type { Clock, Millis } from '../time.ts';

/** So many days before the end of a refresh token that could not be refreshed, somebody is warned. */
const WARNINGS: readonly number[] = [1, 3, 7, 14];
const READ_AT_ONCE = 500;
/** A refresh that is late by less may only wait for its turn. */
const LATE_MS = 3_600_000;

/** Announces `expiring`, once per grant, generation and number of days. */
export const warnOfEnds = async (store: Store, clients: Iterable<string>, clock: Clock): Promise<void> => {
  const nowMs = store.nowMs();
  for (const client of clients) {
    for (let after: Grant | undefined; ;) {
      const grants = await store.endingBefore(client, nowMs + days(14), { after, limit: READ_AT_ONCE });
      await Promise.all(grants.map((grant) => warnOf(store, grant, nowMs)));
      after = grants.at(-1);
      if (grants.length < READ_AT_ONCE) break;
      // A store in this process answers at once: what else waits comes in between.
      await sleep(clock, 0);
    }
  }
};

const warnOf = async (store: Store, grant: Grant, nowMs: Millis): Promise<void> => {
  const warning = warningOf(grant, nowMs);
  if (warning === undefined) return;
  const once = `expiring ${grant.id} ${grant.epoch}.${grant.generation} ${warning.daysLeft}`;
  await store.announce(grant.id, warning, once);
};

/**
 * The warning that a grant deserves now; `undefined` for none. A grant whose refresh is only not due yet deserves none,
 * whatever the life of its token: a Volvo's lasts a week.
 */
export const warningOf = (
  grant: Pick<Grant, 'refreshExpiresAtMs' | 'due' | 'failures' | 'state'>,
  nowMs: Millis,
): Extract<GrantEvent, { kind: 'expiring' }> | undefined => {
  const { refreshExpiresAtMs, due, failures, state } = grant;
  if (refreshExpiresAtMs === undefined || refreshExpiresAtMs <= nowMs) return undefined;
  const isPlanned = due !== undefined && due.atMs > nowMs - LATE_MS && due.atMs < refreshExpiresAtMs;
  if (isPlanned && failures === 0 && state === 'active') return undefined;
  const daysLeft = WARNINGS.find((count) => refreshExpiresAtMs - nowMs <= days(count));
  if (daysLeft === undefined) return undefined;
  return { kind: 'expiring', refreshExpiresAtMs, daysLeft };
};
