import type { LogEvent } from '../log-event.ts';
import type { Millis } from '../clock.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;
/** Causes and clients are few; strangers cannot add more than this. */
const GROUPS_MAX = 500;

/** What was refused for one reason, of one client. */
export type Refusals = {
  readonly event: string;
  readonly reason: string;
  /** Empty where the client is unknown. */
  readonly clientId: string;
  readonly count: number;
  readonly lastAtMs: Millis;
  /** Of the last 24 hours, oldest first. */
  readonly hours: readonly number[];
};

/** Counts what this process refused, by reason and client. It forgets with the process. */
export type RefusalCounts = {
  readonly count: (event: LogEvent, atMs: Millis) => void;
  /** The most first. */
  list(nowMs: Millis): readonly Refusals[];
};

type Group = {
  event: string;
  reason: string;
  clientId: string;
  count: number;
  lastAtMs: Millis;
  byHour: Map<number, number>;
};

const COUNTED: ReadonlySet<string> = new Set([
  'refresh.refused',
  'code.refused',
  'client.refused',
  'request.refused',
]);

export const createRefusalCounts = (): RefusalCounts => {
  const groups = new Map<string, Group>();
  return {
    count(event, atMs) {
      if (!COUNTED.has(event.event) || !('reason' in event)) return;
      const { reason } = event;
      const clientId = 'clientId' in event ? (event.clientId ?? '') : '';
      const key = `${event.event} ${reason} ${clientId}`;
      let group = groups.get(key);
      if (group === undefined) {
        if (groups.size >= GROUPS_MAX) return;
        group = { event: event.event, reason, clientId, count: 0, lastAtMs: atMs, byHour: new Map() };
        groups.set(key, group);
      }
      const hour = Math.floor(atMs / HOUR_MS);
      group.count++;
      group.lastAtMs = atMs;
      group.byHour.set(hour, (group.byHour.get(hour) ?? 0) + 1);
      for (const old of group.byHour.keys()) if (old <= hour - HOURS) group.byHour.delete(old);
    },
    list(nowMs) {
      const now = Math.floor(nowMs / HOUR_MS);
      return [...groups.values()]
        .map(({ byHour, ...group }) => ({
          ...group,
          hours: Array.from({ length: HOURS }, (_, index) => byHour.get(now - HOURS + 1 + index) ?? 0),
        }))
        .sort((left, right) => right.count - left.count || right.lastAtMs - left.lastAtMs);
    },
  };
};
