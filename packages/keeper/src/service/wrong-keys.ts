import type { Clock, Millis } from '../time.ts';

/** Counts wrong keys per address. A right key is never refused because of wrong ones. */
export type WrongKeys = {
  /** Notes a wrong key. Returns how long its sender must wait; `undefined` while the address is within the limit. */
  note(address: string): Millis | undefined;
};

const PER_MINUTE = 20;
const WINDOW_MS = 60_000;
const ADDRESSES_MAX = 10_000;

/** Twenty wrong keys a minute and address. The oldest addresses are forgotten when there are too many. */
export const createWrongKeys = (clock: Clock): WrongKeys => {
  const counts = new Map<string, { count: number; readonly sinceMs: Millis }>();
  return {
    note(address) {
      const nowMs = clock.monotonicMs();
      const place = networkOf(address);
      let entry = counts.get(place);
      if (entry === undefined || nowMs - entry.sinceMs >= WINDOW_MS) {
        counts.delete(place);
        const [oldest] = counts.keys();
        if (counts.size >= ADDRESSES_MAX && oldest !== undefined) counts.delete(oldest);
        entry = { count: 0, sinceMs: nowMs };
        counts.set(place, entry);
      }
      entry.count += 1;
      return entry.count > PER_MINUTE ? entry.sinceMs + WINDOW_MS - nowMs : undefined;
    },
  };
};

/** An IPv4 address, or the /64 of an IPv6 address: one customer usually has all of it. */
const networkOf = (address: string): string => {
  if (!address.includes(':') || address.includes('.')) return address.replace(/^.*:/, '');
  const [head = '', tail] = address.split('%', 1).join('').split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':');
};
