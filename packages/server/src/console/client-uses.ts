import type { Millis } from '../clock.ts';
import type { LogEvent } from '../log-event.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;
/** Clients of a server are fewer. Only authenticated clients are counted, so strangers cannot add any. */
const CLIENTS_MAX = 2000;

/** Counts the refreshes of each client by hour, at this process. It forgets with the process. */
export type ClientUses = {
  readonly count: (event: LogEvent, atMs: Millis) => void;
  /** Of the last 24 hours, oldest first. */
  read(clientId: string, nowMs: Millis): readonly number[];
};

type Uses = { readonly hours: number[]; newestHour: number };

/** Sets the hours to 0 that began since the newest one. */
const moveOn = (uses: Uses, hour: number): void => {
  for (let next = Math.max(uses.newestHour + 1, hour - HOURS + 1); next <= hour; next++)
    uses.hours[next % HOURS] = 0;
  uses.newestHour = Math.max(uses.newestHour, hour);
};

export const createClientUses = (): ClientUses => {
  const clients = new Map<string, Uses>();
  return {
    count(event, atMs) {
      if (event.event !== 'refresh.rotated') return;
      const hour = Math.floor(atMs / HOUR_MS);
      let uses = clients.get(event.clientId);
      if (uses === undefined) {
        if (clients.size >= CLIENTS_MAX) return;
        uses = { hours: Array<number>(HOURS).fill(0), newestHour: hour };
        clients.set(event.clientId, uses);
      }
      moveOn(uses, hour);
      // A clock that was set back by more than a day.
      if (hour <= uses.newestHour - HOURS) return;
      uses.hours[hour % HOURS] = (uses.hours[hour % HOURS] ?? 0) + 1;
    },
    read(clientId, nowMs) {
      const uses = clients.get(clientId);
      const now = Math.floor(nowMs / HOUR_MS);
      return Array.from({ length: HOURS }, (_, index) => {
        const hour = now - HOURS + 1 + index;
        const isKept = uses !== undefined && hour <= uses.newestHour && hour > uses.newestHour - HOURS;
        return isKept ? (uses.hours[hour % HOURS] ?? 0) : 0;
      });
    },
  };
};
