import type { Clock, Millis } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { Store } from '../grants/store.ts';
import type { Emit, LogEvent } from '../log-event.ts';
import {
  REFUSAL_EVENTS,
  REPLAY_EVENTS,
  TROUBLE_DAYS_KEPT,
  TROUBLE_HOURS_KEPT,
} from '../operators/trouble.ts';
import type { TroubleCount } from '../operators/trouble.ts';

const HOUR_MS = 3_600_000;
const STORE_INTERVAL_MS = 15_000;
/** Of more causes and clients within an interval, the rest is counted without its client. */
const GROUPS_MAX = 500;
const DROPPED_AT_A_TIME = 1000;
/** What is listed: the present hour or day is one of these. */
const KEPT = [
  { hoursPerPart: 1, hoursKept: TROUBLE_HOURS_KEPT },
  { hoursPerPart: 24, hoursKept: TROUBLE_DAYS_KEPT * 24 },
] as const;

const COUNTED: ReadonlySet<LogEvent['event']> = new Set([...REFUSAL_EVENTS, ...REPLAY_EVENTS]);

/** Counts what a process refuses, in memory, and adds it to the store every few seconds. */
export type TroubleCounts = {
  /** Must get every log event. */
  readonly note: Emit;
  /** Adds to the store what was counted since. What a store that is away does not take is kept for later. */
  settle(): Promise<void>;
  /** Settles for the last time. */
  stop(): Promise<void>;
};

export type TroubleCountsContext = {
  readonly store: Pick<Store, 'addTroubles' | 'dropTroubles' | 'readClient'>;
  readonly clock: Clock;
  /** The earliest moment that the present may be: what is dropped must be old by it. */
  readonly earliest: Clock;
};

type Groups = Map<string, TroubleCount>;

/** Does nothing for a request that is answered with tokens, and no I/O for any. */
export const createTroubleCounts = ({ store, clock, earliest }: TroubleCountsContext): TroubleCounts => {
  let groups: Groups = new Map();
  let settling: Promise<void> | undefined;
  let droppedAtHour = -Infinity;

  const settleNow = async (): Promise<void> => {
    const taken = groups;
    groups = new Map();
    try {
      if (taken.size > 0) await store.addTroubles(await withKnownClients(store, taken));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // Where the outcome is unknown, it is counted as stored: a count that is too low does less harm than one that is twice as high.
      if (error.kind === 'unavailable') for (const one of taken.values()) addTo(groups, one);
      return;
    }
    await dropOld().catch(ignoreOutage);
  };

  /** Once an hour, a few at a time. */
  const dropOld = async (): Promise<void> => {
    const hour = hourOf(earliest());
    if (hour <= droppedAtHour) return;
    let isMore = false;
    for (const { hoursPerPart, hoursKept } of KEPT) {
      const beforeHour = hour + 1 - hoursKept;
      const dropped = await store.dropTroubles({ hoursPerPart, beforeHour, limit: DROPPED_AT_A_TIME });
      isMore ||= dropped === DROPPED_AT_A_TIME;
    }
    if (!isMore) droppedAtHour = hour;
  };

  const settle = (): Promise<void> => {
    settling ??= settleNow().finally(() => {
      settling = undefined;
    });
    return settling;
  };

  const timer = setInterval(() => {
    if (groups.size > 0) void settle();
  }, STORE_INTERVAL_MS).unref();

  return {
    note(event) {
      if (!COUNTED.has(event.event)) return;
      const lastAtMs = clock();
      addTo(groups, { ...describe(event), hour: hourOf(lastAtMs), count: 1, lastAtMs });
    },
    async settle() {
      await settling;
      await settle();
    },
    async stop() {
      clearInterval(timer);
      await settling;
      await settle();
    },
  };
};

const hourOf = (atMs: Millis): number => Math.floor(atMs / HOUR_MS);

const keyOf = ({ hour, event, reason, clientId }: TroubleCount): string =>
  `${hour} ${event} ${reason} ${clientId}`;

const addTo = (groups: Groups, added: TroubleCount): void => {
  const isRoom = groups.size < GROUPS_MAX || groups.has(keyOf(added));
  const one = isRoom ? added : { ...added, clientId: '' };
  const before = groups.get(keyOf(one));
  groups.set(keyOf(one), {
    ...one,
    count: one.count + (before?.count ?? 0),
    lastAtMs: Math.max(one.lastAtMs, before?.lastAtMs ?? 0),
  });
};

/** What an event is counted under. The id of a client that is unknown is what a stranger made up. */
const describe = (event: LogEvent): Pick<TroubleCount, 'event' | 'reason' | 'clientId'> => {
  const clientId = 'clientId' in event ? (event.clientId ?? '') : '';
  const about = { event: event.event, reason: 'reason' in event ? event.reason : '', clientId };
  if (event.event === 'refresh.replayed') {
    const { looksLike, response } = event;
    return { ...about, reason: response === 'observe' ? `${looksLike}_observed` : looksLike };
  }
  return about.reason === 'client_unknown' ? { ...about, clientId: '' } : about;
};

/** Strangers name any client, so one that the store does not have is counted without its name. */
const withKnownClients = async (
  store: TroubleCountsContext['store'],
  taken: Groups,
): Promise<readonly TroubleCount[]> => {
  const known: Groups = new Map();
  for (const one of taken.values()) {
    const isKnown = one.clientId === '' || (await store.readClient(one.clientId)).client !== undefined;
    addTo(known, isKnown ? one : { ...one, clientId: '' });
  }
  return [...known.values()];
};

const ignoreOutage = (error: unknown): void => {
  if (!(error instanceof StoreError)) throw error;
};
