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

/** Puts the parts of each group together; groups with the most come first. */
export const groupParts = (rows: readonly TroublePart[], partsCount: number): readonly TroubleGroup[] =>
  [...Map.groupBy(rows, ({ event, reason, clientId }) => JSON.stringify([event, reason, clientId])).values()]
    .flatMap((parts) => {
      const [first] = parts;
      if (first === undefined) return [];
      const { event, reason, clientId } = first;
      const countOf = (part: number): number => parts.find((one) => one.part === part)?.count ?? 0;
      return {
        event,
        reason,
        clientId,
        count: parts.reduce((sum, { count }) => sum + count, 0),
        lastAtMs: Math.max(...parts.map(({ lastAtMs }) => lastAtMs)),
        parts: Array.from({ length: partsCount }, (_, part) => countOf(part)),
      };
    })
    .sort((left, right) => right.count - left.count || right.lastAtMs - left.lastAtMs);
