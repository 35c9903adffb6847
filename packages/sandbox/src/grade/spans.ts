import type { RotationRule } from './history.ts';

/** Lifetimes of the tokens of a world, in seconds. */
export type Lifetimes = {
  readonly accessSeconds: number;
  readonly refreshSeconds: number;
  readonly overlapSeconds: number;
  /** After the overlap, in which a used token is refused and nothing worse happens. */
  readonly raceSeconds: number;
};

/** How long a scenario lets pass, by name: the seconds depend on the lifetimes of the world. */
export type SpanName =
  'shortly' | 'pastAccess' | 'almostRefresh' | 'pastRefresh' | 'pastOverlap' | 'hour' | 'pause';

/** What each vendor's page says. */
export const LIFETIMES = {
  smartcar: { accessSeconds: 7200, refreshSeconds: 5_184_000, overlapSeconds: 60, raceSeconds: 10 },
  pleos: { accessSeconds: 3600, refreshSeconds: 7_776_000, overlapSeconds: 0, raceSeconds: 10 },
} as const satisfies Readonly<Record<string, Lifetimes>>;

/** A dialect that can be graded. */
export type GradedDialect = keyof typeof LIFETIMES;

/** The same in seconds that can be waited for, for commands that know the real clock only. */
const REAL_TIME: Lifetimes = { accessSeconds: 12, refreshSeconds: 60, overlapSeconds: 6, raceSeconds: 1 };

/** The rule of a dialect as its vendor's page has it. */
export const ruleOf = (dialect: GradedDialect, { overlapSeconds }: Lifetimes): RotationRule => ({
  rotation: dialect === 'smartcar' ? 'overlap' : 'strict',
  overlapSeconds,
});

export const lifetimesOf = (dialect: GradedDialect, isRealTime: boolean): Lifetimes =>
  isRealTime
    ? { ...REAL_TIME, overlapSeconds: dialect === 'smartcar' ? REAL_TIME.overlapSeconds : 0 }
    : LIFETIMES[dialect];

/** The `Retry-After` of the scenarios that ask for patience, in seconds. */
export const pauseSecondsOf = (isRealTime: boolean): number => (isRealTime ? 3 : 12);

/** How many seconds a span lasts. */
export const secondsOf = (span: SpanName, lifetimes: Lifetimes, isRealTime: boolean): number => {
  const { accessSeconds, refreshSeconds, overlapSeconds, raceSeconds } = lifetimes;
  const margin = isRealTime ? 1 : 60;
  switch (span) {
    case 'shortly':
      return isRealTime ? 1 : 5;
    case 'pastAccess':
      return accessSeconds + margin;
    case 'almostRefresh':
      return isRealTime ? Math.floor(refreshSeconds * 0.8) : refreshSeconds - 86_400;
    case 'pastRefresh':
      return refreshSeconds + margin;
    case 'pastOverlap':
      return overlapSeconds + raceSeconds + margin;
    case 'hour':
      return isRealTime ? 2 : 3600;
    case 'pause':
      return pauseSecondsOf(isRealTime) + 1;
  }
};
