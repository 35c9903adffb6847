import { SandboxProblem } from './sandbox-problem.ts';

/** How long: the sum of its members, or ISO 8601 such as `P59DT23H`. */
export type Duration =
  | string
  | {
      readonly weeks?: number;
      readonly days?: number;
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly milliseconds?: number;
    };

const UNITS_MS: Readonly<Record<string, number>> = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
};

/** A duration as the control API takes it. Throws `SandboxProblem` for one that is none, or negative. */
export const writeDuration = (duration: Duration): string => {
  if (typeof duration === 'string') return duration;
  const total = millisecondsOf(duration);
  return `PT${(total / 1000).toFixed(3).replace(/\.?0+$/, '')}S`;
};

const millisecondsOf = (duration: Exclude<Duration, string>): number => {
  const entries = typeof duration === 'object' && duration !== null ? Object.entries(duration) : [];
  const total = entries.reduce((sum, [unit, value]) => {
    const size = UNITS_MS[unit];
    if (size === undefined) throw wrong(`${unit} is not a unit of time`);
    if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(`${unit} is not a number`);
    return sum + value * size;
  }, 0);
  if (entries.length === 0) throw wrong('it has no member');
  if (total < 0) throw wrong('it is negative, and time only moves forward');
  return Math.round(total);
};

const wrong = (what: string): SandboxProblem =>
  new SandboxProblem(
    'input_invalid',
    `This is no duration: ${what}`,
    "Give for example { days: 59, hours: 23 } or 'P59DT23H'.",
  );
