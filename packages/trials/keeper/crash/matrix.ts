import type { Step } from '@keyfob/keeper';
import type { Prng } from '../../support/prng.ts';
import type { ForeignFault } from '../foreign-server.ts';
import { SERVER_KINDS } from './counterpart.ts';
import type { CrashCase } from './crash-case.ts';

/** Every step of a refresh at which a process can end. */
export const STEPS: readonly Step[] = [
  'before_claim',
  'after_claim',
  'connected',
  'answered',
  'before_settle',
  'after_settle',
  'before_return',
];

/** Each kind of provider with each step. */
export const wholeMatrix = (): readonly CrashCase[] =>
  SERVER_KINDS.flatMap((kind, row) =>
    STEPS.map((at, column) => ({
      kind,
      at,
      second: (row + column) % 2 === 0 ? 'restart' : 'standby',
      signal: 'SIGKILL',
      fault: 'none',
    })),
  );

/** The part that every test run has: all kinds, and over all kinds every step several times. */
export const shortMatrix = (): readonly CrashCase[] => wholeMatrix().filter((_, index) => index % 2 === 0);

const FAULTS: readonly ForeignFault[] = [
  'none',
  'none',
  'none',
  'reset_before',
  'reset_after',
  'hang_before',
  'hang_after',
  'half_after',
];

/** Any cell, with any fault. */
export const drawCase = (prng: Prng): CrashCase => ({
  kind: prng.pick(SERVER_KINDS),
  at: prng.pick(STEPS),
  second: prng.pick(['restart', 'standby']),
  signal: 'SIGKILL',
  fault: prng.pick(FAULTS),
});
