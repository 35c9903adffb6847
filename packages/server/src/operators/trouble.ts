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

/** Which span is read, and in how many parts. */
export type TroubleSpan = {
  /** The names of log events. */
  readonly events: readonly string[];
  readonly fromHour: number;
  readonly hoursPerPart: number;
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

/** How long counts are kept. */
export const TROUBLE_HOURS_KEPT = 30 * 24;

/** Refusals and replays by hour, cause and client. */
export type TroubleStore = {
  /** Adds to what was counted before. */
  addTroubles(counts: readonly TroubleCount[]): Promise<void>;
  /** The groups with the most, those first. */
  listTroubles(span: TroubleSpan): Promise<readonly TroubleGroup[]>;
  /** Removes counts from before an hour, at most `limit`; answers how many. */
  dropTroubles(old: { readonly beforeHour: number; readonly limit: number }): Promise<number>;
};

/** A row of a list: the counts of one group within one part. */
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
