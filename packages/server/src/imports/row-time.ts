import type { Millis } from '../clock.ts';
import { refuse } from './row-fault.ts';
import { isAbsent } from './row-text.ts';

/** A time of a row. */
export type RowTime = {
  /** Integer milliseconds. */
  readonly atMs: Millis;
  /** Whether the text names its zone; one that does not is read as UTC. */
  readonly hasZone: boolean;
};

/** Seconds since 1970, with a fraction or without. */
const EPOCH = /^\d{1,11}(?:\.\d+)?$/;
/** So many digits are milliseconds (13), microseconds (16) or nanoseconds (19). */
const FINER_EPOCH = /^\d{12,}(?:\.\d+)?$/;
/** What databases write: T or a space, a fraction, and a zone in any of its spellings or none. */
const DATE_TIME =
  /^(?<day>\d{4}-\d\d-\d\d)[T ](?<time>(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(?<fraction>\d+))?(?<zone> ?(?:Z|UTC|GMT|[+-][\d:]+))?$/i;
const OFFSET = /^(?<sign>[+-])(?<hours>[01]\d|2[0-3])(?::?(?<minutes>[0-5]\d)(?::?(?<seconds>[0-5]\d))?)?$/;

/** Parses a time; `undefined` if the member is missing. Throws `RowFault`. */
export const parseTime = (value: unknown, member: 'expires_at' | 'created_at'): RowTime | undefined => {
  if (isAbsent(value)) return undefined;
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  if (FINER_EPOCH.test(text)) return refuse(`${member}_milliseconds`);
  const time = EPOCH.test(text) ? parseEpoch(text) : parseDateTime(text);
  return time === undefined || time.atMs < 0 ? refuse(`${member}_malformed`) : time;
};

const parseEpoch = (text: string): RowTime => {
  const [seconds = '', fraction = ''] = text.split('.');
  return { atMs: Number(seconds) * 1000 + toMilliseconds(fraction), hasZone: true };
};

const parseDateTime = (text: string): RowTime | undefined => {
  const { day = '', time = '', fraction = '', zone = '' } = DATE_TIME.exec(text)?.groups ?? {};
  const offsetSeconds = parseOffset(zone.trim());
  if (!isDay(day) || offsetSeconds === undefined) return undefined;
  const atMs = Date.parse(`${day}T${time}Z`) + toMilliseconds(fraction) - offsetSeconds * 1000;
  return { atMs, hasZone: zone !== '' };
};

/** Cuts, as every database does: a token does not live longer here than there. */
const toMilliseconds = (fraction: string): Millis => Number(fraction.slice(0, 3).padEnd(3, '0'));

const parseOffset = (zone: string): number | undefined => {
  if (/^(?:Z|UTC|GMT)?$/i.test(zone)) return 0;
  const groups = OFFSET.exec(zone)?.groups;
  if (groups === undefined) return undefined;
  const { sign, hours, minutes = 0, seconds = 0 } = groups;
  const size = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return sign === '-' ? -size : size;
};

/** Whether the day exists in its month: `Date.parse` reads the 31st of February as the 3rd of March. */
const isDay = (day: string): boolean => {
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
};
