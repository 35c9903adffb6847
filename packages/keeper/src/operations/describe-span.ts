import type { Millis } from '../time.ts';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** A span of time in its largest unit, two where the first is small: `45 d`, `1 h 20 min`, `8 s`. */
export const describeSpan = (spanMs: Millis): string => {
  const whole = Math.max(0, Math.round(spanMs / 1000) * 1000);
  const at = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[at] ?? UNITS[3];
  const count = Math.floor(whole / size);
  const next = UNITS[at + 1];
  if (next === undefined || count >= 10) return `${count} ${unit}`;
  const rest = Math.floor((whole - count * size) / next[1]);
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${next[0]}`;
};

/** A moment as people say it from now: `in 45 d`, `3 h ago`. */
export const describeMoment = (atMs: Millis, nowMs: Millis): string => {
  if (Math.abs(atMs - nowMs) < 1000) return 'now';
  return atMs > nowMs ? `in ${describeSpan(atMs - nowMs)}` : `${describeSpan(nowMs - atMs)} ago`;
};
