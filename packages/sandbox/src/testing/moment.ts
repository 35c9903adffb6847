import { SandboxProblem } from './sandbox-problem.ts';

/** A point in time: ISO 8601 with a time zone, a date alone for its beginning in UTC, a `Date`, or milliseconds since 1970. */
export type Moment = string | number | Date;

/** A moment as the control API takes it. Throws `SandboxProblem` for a date that does not exist. */
export const writeMoment = (moment: Moment): string => {
  if (typeof moment === 'string') return moment;
  // Not by `instanceof`: test environments have a `Date` of their own.
  const ms = typeof moment === 'number' ? moment : moment.getTime();
  if (Number.isFinite(ms) && Math.abs(ms) <= 8.64e15) return new Date(ms).toISOString();
  throw new SandboxProblem('input_invalid', 'This is no moment', "Give for example '2026-01-01T08:30:00Z'.");
};
