import type { Moment } from './moment.ts';
import { writeMoment } from './moment.ts';

/** Fields of a policy that differ: docs/reference/policies.md lists them. */
export type PolicyChange = Readonly<Record<string, string | number | boolean | null>>;

/** How the time of a world passes. */
export type ClockOptions = {
  /** `frozen`, the default, moves only when it is advanced. */
  readonly mode?: 'frozen' | 'running';
  /** Seconds of the world in a real one, where it runs. */
  readonly rate?: number;
  /** By how much the server's own clock is wrong: its `Date` header and the times in its tokens. */
  readonly skewSeconds?: number;
};

/** A world to create. Everything is optional. */
export type WorldOptions = {
  /** The moment at which it begins, or that with how its time passes. Frozen at the present moment by default. */
  readonly clock?: Moment | (ClockOptions & { readonly now?: Moment });
  /** The same seed gives the same ids, secrets, keys and chances. A new one by default. */
  readonly seed?: string;
  /** What differs from the policies of ready-made clients, by the name of the client. */
  readonly policies?: Readonly<Record<string, PolicyChange>>;
  /** More clients, by the names that they get. */
  readonly clients?: Readonly<
    Record<
      string,
      {
        readonly dialect: string;
        readonly policy?: PolicyChange;
        readonly redirectUris?: readonly string[];
        /** That of the dialect's clients by default. */
        readonly type?: 'confidential' | 'public';
        /** Those that a program has built in, instead of new ones. */
        readonly clientId?: string;
        readonly clientSecret?: string;
      }
    >
  >;
  /** Where owners return to, for every client that has no own list. */
  readonly redirectUris?: readonly string[];
  /** Whether it gets a port of its own, for code that takes an origin and no path. */
  readonly port?: boolean;
  /** Whether the consent page answers the redirect at once, as if the owner had agreed. */
  readonly autoConsent?: boolean;
};

/** The options as the control API takes them. */
export const writeWorldOptions = ({ clock, ...rest }: WorldOptions): object => {
  if (clock === undefined) return rest;
  if (!isClockOptions(clock)) return { ...rest, clock: writeMoment(clock) };
  const { now, ...how } = clock;
  return { ...rest, clock: now === undefined ? how : { ...how, now: writeMoment(now) } };
};

const isClockOptions = (
  clock: NonNullable<WorldOptions['clock']>,
): clock is Exclude<NonNullable<WorldOptions['clock']>, Moment> =>
  typeof clock === 'object' && !('getTime' in clock);
