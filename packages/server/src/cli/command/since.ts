import type { Millis } from '../../exports/grants.ts';
import { UsageError } from './output.ts';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What `--since` accepts, for help. */
export const SINCE = 'a date, or a time ago such as 90s, 15m, 2h or 3d';

/** Parses `--since`: a date, or a time before the present moment. Throws `UsageError`. */
export const readSince = (text: string, nowMs: Millis): Millis => {
  const ago = /^(?<count>[0-9]{1,9})(?<unit>[smhd])$/.exec(text)?.groups;
  if (ago !== undefined) return nowMs - Number(ago['count']) * UNIT_MS[ago['unit'] as keyof typeof UNIT_MS];
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw new UsageError(`--since must be ${SINCE}`);
  return atMs;
};
