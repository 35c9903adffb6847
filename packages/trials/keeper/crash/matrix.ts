import type { Step } from '@keyfob/keeper';
import { createPrng } from '../../support/prng.ts';
import type { ForeignFault } from '../foreign-server.ts';
import { SERVER_KINDS } from './counterpart.ts';
import type { ServerKind } from './counterpart.ts';
import type { StoreFailure, StoreName } from './place.ts';

/** A step of a refresh; `sent`: the server has the request, and has not answered; `never`: the process lives. */
export type DeathStep = Step | 'sent' | 'never';

/** One cell of the crash matrix, and what else goes wrong in it. */
export type CrashCase = {
  readonly seed: number;
  readonly kind: ServerKind;
  /** Where the first process ends, or stops. */
  readonly at: DeathStep;
  /** `restart`: the next process starts after the death. `standby`: it runs already. */
  readonly second: 'restart' | 'standby';
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** What happens to the first request on the wire. */
  readonly fault: ForeignFault;
  readonly failure: StoreFailure;
  /** At which step of the first process the store fails, if it is by step. */
  readonly failsAt: Step;
};

/** Every step of a refresh at which a process can end. */
const STEPS: readonly Step[] = [
  'before_claim',
  'after_claim',
  'connected',
  'answered',
  'before_settle',
  'after_settle',
  'before_return',
];

/** The steps, and the moment at which the server has the token and has not answered. */
const DEATH_STEPS: readonly DeathStep[] = [...STEPS.slice(0, 3), 'sent', ...STEPS.slice(3)];
const CELLS = SERVER_KINDS.flatMap((kind) => DEATH_STEPS.map((at) => ({ kind, at })));

/** So many seeds in a row have every kind of provider with every step. */
export const CELL_COUNT = CELLS.length;

const FAULTS: readonly ForeignFault[] = [
  'none',
  'none',
  'none',
  'none',
  'reset_before',
  'reset_after',
  'hang_before',
  'hang_after',
  'half_after',
];
const FAILURES: Readonly<Record<StoreName, readonly StoreFailure[]>> = {
  sqlite: ['none', 'none', 'disk_full'],
  postgres: [
    'none',
    'none',
    'none',
    'none',
    'killed_at_claim',
    'killed_at_pair',
    'killed_at_step',
    'disk_full',
  ],
};

/** The case of a seed: its cell by the number, everything else by chance. The same seed is the same case. */
export const caseOf = (seed: number, store: StoreName, missing: ReadonlySet<StoreFailure>): CrashCase => {
  const prng = createPrng(seed);
  const { kind, at } = CELLS[seed % CELLS.length] ?? { kind: 'pleos', at: 'connected' };
  const drawn = prng.pick(FAILURES[store]);
  const failure = missing.has(drawn) ? 'none' : drawn;
  const fault = at === 'sent' ? prng.pick(['hang_before', 'hang_after'] as const) : prng.pick(FAULTS);
  return {
    seed,
    kind,
    at: failure === 'none' || prng.chance(0.6) ? at : 'never',
    second: prng.pick(['restart', 'standby']),
    signal: prng.chance(0.2) ? 'SIGSTOP' : 'SIGKILL',
    fault,
    failure,
    failsAt: prng.pick(STEPS.slice(0, 5)),
  };
};
