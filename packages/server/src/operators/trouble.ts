import type { Millis } from '../clock.ts';

/** How often something was refused or replayed for one reason, of one client, within one hour. */
export type TroubleCount = {
  /** Hours since 1970. */
  readonly hour: number;
  /** The name of its log event. */
  readonly event: string;
  /** Empty where the event has none. */
  readonly reason: string;
  /** Empty where the client is unknown. */
  readonly clientId: string;
  readonly count: number;
  readonly lastAtMs: Millis;
};

/** Counts of one cause and client, in parts of a span. */
export type TroubleGroup = Omit<TroubleCount, 'hour'> & {
  /** One count per part of the span, oldest first. */
  readonly parts: readonly number[];
};

/** Counts are kept by hour and by day. A day is one of UTC: its hour is a multiple of 24. */
export type TroublePartHours = 1 | 24;

/** Which span is read, and in how many parts. */
export type TroubleSpan = {
  /** The names of log events. */
  readonly events: readonly string[];
  /** Where the first part begins. */
  readonly fromHour: number;
  readonly hoursPerPart: TroublePartHours;
  readonly partsCount: number;
  readonly clientId?: string | undefined;
  readonly limit: number;
};

export const REFUSAL_EVENTS = [
  'refresh.refused',
  'code.refused',
  'client.refused',
  'request.refused',
] as const;
export const REPLAY_EVENTS = ['refresh.replayed', 'code.replayed'] as const;

const DAY_HOURS = 24;

/** How long counts by hour are kept, and how long counts by day are, the present one included. */
export const TROUBLE_HOURS_KEPT = 48;
export const TROUBLE_DAYS_KEPT = 30;

/** Refusals and replays by hour, cause and client. */
export type TroubleStore = {
  /** Adds to what was counted before, of the hour and of its day. */
  addTroubles(counts: readonly TroubleCount[]): Promise<void>;
  /** The groups with the most, those first. */
  listTroubles(span: TroubleSpan): Promise<readonly TroubleGroup[]>;
  /** Removes counts by hour or by day from before an hour, at most `limit`; answers how many. */
  dropTroubles(old: {
    readonly hoursPerPart: TroublePartHours;
    readonly beforeHour: number;
    readonly limit: number;
  }): Promise<number>;
};

/** A row of a store. */
export type KeptTrouble = TroubleCount & { readonly hours: TroublePartHours };

/** What a store keeps of counts: one row per hour and one per day, so that a month is as few rows as it has days. */
export const keptOf = (counts: readonly TroubleCount[]): readonly KeptTrouble[] => {
  const kept = new Map<string, KeptTrouble>();
  for (const one of counts)
    for (const hours of [1, DAY_HOURS] as const) {
      const hour = one.hour - (one.hour % hours);
      const key = `${hours} ${hour} ${one.event} ${one.reason} ${one.clientId}`;
      const { count = 0, lastAtMs = one.lastAtMs } = kept.get(key) ?? {};
      kept.set(key, {
        ...one,
        hours,
        hour,
        count: count + one.count,
        lastAtMs: Math.max(lastAtMs, one.lastAtMs),
      });
    }
  return [...kept.values()];
};

/** The counts of one group within one part. */
export type TroublePart = Omit<TroubleCount, 'hour'> & { readonly part: number };

type Counted = Omit<TroubleGroup, 'count' | 'lastAtMs' | 'parts'> & {
  count: number;
  lastAtMs: Millis;
  readonly parts: number[];
};

/** Puts the parts of each group together; groups with the most come first. */
export const groupParts = (rows: readonly TroublePart[], partsCount: number): readonly TroubleGroup[] => {
  const groups = new Map<string, Counted>();
  for (const { event, reason, clientId, part, count, lastAtMs } of rows) {
    const key = `${event}\n${reason}\n${clientId}`;
    const known = groups.get(key);
    const parts = known?.parts ?? Array<number>(partsCount).fill(0);
    const group = known ?? { event, reason, clientId, count: 0, lastAtMs, parts };
    if (known === undefined) groups.set(key, group);
    group.count += count;
    group.lastAtMs = Math.max(group.lastAtMs, lastAtMs);
    parts[part] = (parts[part] ?? 0) + count;
  }
  return [...groups.values()].sort(
    (left, right) => right.count - left.count || right.lastAtMs - left.lastAtMs,
  );
};
