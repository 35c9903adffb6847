import type { Client } from '../clients/client.ts';
import { readNow, toMillis } from '../clock.ts';
import type { Millis } from '../clock.ts';
import type { Status } from '../grants/standing.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import { countGrants } from './count-grants.ts';
import type { GrantCount } from './count-grants.ts';
import type { OperationContext } from './context.ts';
import { listGrants } from './read-grant.ts';

/** Grants that expire within so many days are expiring soon. */
export const EXPIRING_SOON_DAYS = 7;
/** Ids are random, so the first ones are a fair sample of a client that has more. */
const GRANTS_LOOKED_AT = 200;
/** How far back troubles are looked for. */
export const TROUBLE_DAYS = 30;
/** The newest ones, of any kind. */
export const EVENTS_LOOKED_AT = 200;
const GRANTS_NAMED = 3;
const DAY_MS = 86_400_000;

/** What ended or endangered grants of a client for one cause. */
export type Trouble = {
  readonly kind: 'grant.revoked' | 'grant.replayed';
  /** Empty for none. */
  readonly cause: string;
  readonly count: number;
  readonly lastAtMs: Millis;
  /** Of the last days, oldest first. */
  readonly days: readonly number[];
  /** Some of the grants, newest first. */
  readonly grantIds: readonly string[];
};

/** How the grants of a client are. */
export type ClientHealth = GrantCount & {
  /** How many of them were looked at for the states; fewer than there are where there are many. */
  readonly lookedAt: number;
  readonly states: Readonly<Record<Status, number>>;
  readonly expiringSoon: number;
  /** The most first. */
  readonly troubles: readonly Trouble[];
  /** Whether there were more events than were looked at. */
  readonly isTroublesPartial: boolean;
};

type HealthContext = Pick<OperationContext, 'store' | 'clock' | 'doubt'>;

/** Reads how the grants of a client are, from a limited number of rows. Throws `StoreError`. */
export const readClientHealth = async (context: HealthContext, { id }: Client): Promise<ClientHealth> => {
  const { nowMs } = readNow(context);
  const [count, page, troubles] = await Promise.all([
    countGrants(context, id),
    listGrants(context, { clientId: id, limit: GRANTS_LOOKED_AT }),
    readTroubles(context, id, nowMs),
  ]);
  const states: Record<Status, number> = { active: 0, in_doubt: 0, expired: 0, revoked: 0 };
  for (const { standing } of page.grants) states[standing.status]++;
  const soonMs = nowMs + EXPIRING_SOON_DAYS * DAY_MS;
  const expiringSoon = page.grants.filter(
    ({ standing }) => standing.status === 'active' && toMillis(standing.endsAt) < soonMs,
  ).length;
  return { ...count, lookedAt: page.grants.length, states, expiringSoon, ...troubles };
};

const readTroubles = async (
  { store }: HealthContext,
  clientId: string,
  nowMs: Millis,
): Promise<Pick<ClientHealth, 'troubles' | 'isTroublesPartial'>> => {
  const sinceMs = nowMs - TROUBLE_DAYS * DAY_MS;
  const events = await store.listGrantEvents({ clientId, sinceMs, first: 'newest', limit: EVENTS_LOOKED_AT });
  const groups = Map.groupBy(
    events.filter(({ kind }) => kind === 'grant.revoked' || kind === 'grant.replayed'),
    ({ kind, cause = '' }) => `${kind} ${cause}`,
  );
  const troubles = [...groups.values()].flatMap((group): Trouble[] => {
    const [newest] = group;
    if (newest === undefined || !(newest.kind === 'grant.revoked' || newest.kind === 'grant.replayed'))
      return [];
    const days = Array<number>(TROUBLE_DAYS).fill(0);
    for (const { atMs } of group) {
      const day = TROUBLE_DAYS - 1 - Math.floor((nowMs - atMs) / DAY_MS);
      if (days[day] !== undefined) days[day]++;
    }
    const grantIds = [...new Set(group.map(({ grantId }) => writeGrantId(grantId)))].slice(0, GRANTS_NAMED);
    const { kind, cause = '', atMs: lastAtMs } = newest;
    return [{ kind, cause, count: group.length, lastAtMs, days, grantIds }];
  });
  return {
    troubles: troubles.sort((left, right) => right.count - left.count || right.lastAtMs - left.lastAtMs),
    isTroublesPartial: events.length === EVENTS_LOOKED_AT,
  };
};
