import type { LogEvent } from '../../exports/index.ts';

type Name = LogEvent['event'];
type Members<Key extends Name> = readonly Exclude<
  keyof Extract<LogEvent, { readonly event: Key }>,
  'event'
>[];

/**
 * The events that strangers can cause as often as they like, with the members by which their lines are counted. What only a
 * client with its secret or an owner can cause is always written, except repeats, which are frequent behind changing addresses. `clientId` is a member only where the client exists.
 */
const SAMPLED: { readonly [Key in Name]?: Members<Key> } = {
  'request.refused': ['reason'],
  'client.refused': ['reason'],
  'client.throttled': ['bucket'],
  'refresh.refused': ['reason', 'clientId'],
  'refresh.repeated_by_other': ['differs', 'clientId'],
  'code.refused': ['reason', 'clientId'],
  'revocation.refused': ['clientId'],
  'sign_in.failed': ['reason'],
  'operator.sign_in_failed': ['reason'],
  'consent.declined': ['reason', 'clientId'],
  'vehicle_source.unavailable': [],
  'vehicle_source.entries_left_out': [],
  'sign_in.entries_left_out': [],
  'store.unavailable': ['kind'],
  'internal.error': [],
};

/** How many lines of one kind are written per period. */
const LINES_MAX = 20;

/** How many kinds are counted separately; further ones are counted by event. */
const KINDS_MAX = 1000;

/** How many lines of one kind were left out of the log. `of` is the event; the other members are those it has. */
export type LeftOut = Omit<Extract<LogEvent, { readonly event: 'log.left_out' }>, 'event'>;

/** Limits the lines of each kind of event that strangers cause, so that they cannot fill a disk. */
export type LineSampler = {
  /** Whether the line of this event is written; otherwise it is counted. */
  admits(event: LogEvent): boolean;
  /** Ends a period, and answers what was left out in it. */
  endPeriod(): readonly LeftOut[];
  /** How many lines were left out since the start. */
  readonly leftOut: () => number;
};

export const createLineSampler = (): LineSampler => {
  let kinds = new Map<string, { readonly about: Omit<LeftOut, 'lines'>; lines: number }>();
  let leftOut = 0;
  return {
    admits(event) {
      const members: readonly string[] | undefined = SAMPLED[event.event];
      if (members === undefined) return true;
      const about = describe(event, kinds.size < KINDS_MAX ? members : []);
      const key = Object.values(about).join(' ');
      const kind = kinds.get(key) ?? { about, lines: 0 };
      kinds.set(key, kind);
      kind.lines++;
      if (kind.lines <= LINES_MAX) return true;
      leftOut++;
      return false;
    },
    endPeriod() {
      const ended = kinds;
      kinds = new Map();
      return [...ended.values()].flatMap(({ about, lines }) =>
        lines > LINES_MAX ? [{ ...about, lines: lines - LINES_MAX }] : [],
      );
    },
    leftOut: () => leftOut,
  };
};

const describe = (event: LogEvent, members: readonly string[]): Omit<LeftOut, 'lines'> => ({
  of: event.event,
  ...Object.fromEntries(
    members.map((member) => [
      member === 'clientId' ? 'clientId' : 'reason',
      String((event as Readonly<Record<string, unknown>>)[member]),
    ]),
  ),
});
