import { DIALECTS } from '@keyfob/server/dialects';
import type { Dialect } from '@keyfob/server/dialects';
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

/** A dialect that can be graded. */
export type GradedDialect = keyof typeof DIALECTS;

/** The dialects that can be graded: every one. The first is the default. */
export const GRADED_DIALECTS = Object.keys(DIALECTS) as readonly GradedDialect[];

/** The same in seconds that can be waited for, for commands that know the real clock only. */
const REAL_TIME: Lifetimes = { accessSeconds: 12, refreshSeconds: 60, overlapSeconds: 6, raceSeconds: 1 };

/** The rule of a dialect for a client without a policy of its own. */
export const ruleOf = (dialect: GradedDialect, { overlapSeconds }: Lifetimes): RotationRule => ({
  rotation: DIALECTS[dialect].defaultPolicy.rotation,
  overlapSeconds,
});

const hasOverlap = (dialect: GradedDialect): boolean =>
  DIALECTS[dialect].defaultPolicy.rotation === 'overlap';

export const lifetimesOf = (dialect: GradedDialect, isRealTime: boolean): Lifetimes => {
  const { accessTokenLifetimeSeconds, refreshTokenLifetimeSeconds, overlapSeconds, raceSeconds } =
    DIALECTS[dialect].defaultPolicy;
  const lifetimes = isRealTime
    ? REAL_TIME
    : {
        accessSeconds: accessTokenLifetimeSeconds,
        refreshSeconds: refreshTokenLifetimeSeconds,
        overlapSeconds,
        raceSeconds,
      };
  return hasOverlap(dialect) ? lifetimes : { ...lifetimes, overlapSeconds: 0 };
};

/** Whether the vendor exchanges refresh tokens at all. */
export const rotates = ({ defaultPolicy }: Dialect): boolean => defaultPolicy.rotation !== 'none';

/** Whether it can cease to: a client without a secret must rotate. */
export const mayStopRotating = (dialect: Dialect): boolean => rotates(dialect) && hasSecret(dialect);

/** Whether its clients have a secret. */
export const hasSecret = ({ sandbox }: Dialect): boolean => sandbox.clientType !== 'public';

const SAMPLE = { accessToken: 'a', refreshToken: 'r', expiresInSeconds: 1, refreshExpiresInSeconds: 1 };

/** Whether its answers say how long an access token lives, as RFC 6749 §5.1 has it. */
export const statesLifetime = ({ renderAnswer, defaultPolicy }: Dialect): boolean => {
  const { body } = renderAnswer(SAMPLE, defaultPolicy, { requestId: 'r', nowMs: 0 });
  return 'expires_in' in (JSON.parse(body) as object);
};

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
