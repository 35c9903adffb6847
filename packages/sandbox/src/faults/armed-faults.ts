import type { Randomness } from '@keyfob/server';
import type { Millis } from '@keyfob/server/grants';
import { SandboxError } from '../sandbox-error.ts';
import type { Endpoint, Fault, FaultTarget, ParsedFault } from './fault.ts';

/** What is known of a request before the server sees it. */
export type RequestFacts = {
  readonly endpoint: Exclude<Endpoint, 'any'> | 'other';
  readonly grantType: string | undefined;
  /** Whose endpoint it is. */
  readonly dialect: string | undefined;
  /** By its name in the world. */
  readonly client: string | undefined;
  /** By its name in the world: that of the token in the request. */
  readonly grant: string | undefined;
};

/** The faults of a world. */
export type ArmedFaults = {
  arm(fault: ParsedFault): Fault;
  list(): readonly Fault[];
  find(id: string): Fault | undefined;
  /** Answers whether there was such a fault. */
  disarm(id: string): boolean;
  disarmAll(): void;
  /** Counts a request, and answers the faults that happen to it, in the order in which they were armed. */
  strike(facts: RequestFacts): readonly Fault[];
};

export const FAULTS_MAX = 200;

type Armed = { fault: Fault; readonly chance: Randomness; readonly untilMs: Millis };

/** `now`: the clock of the world. */
export const createArmedFaults = (
  randomnessOf: (purpose: string) => Randomness,
  now: () => Millis,
): ArmedFaults => {
  const armed = new Map<string, Armed>();
  let made = 0;
  const current = ({ fault, untilMs }: Armed): Fault =>
    now() >= untilMs ? { ...fault, isOver: true } : fault;
  return {
    arm(parsed) {
      if (armed.size >= FAULTS_MAX)
        throw new SandboxError(
          'too_many_faults',
          `this world has ${FAULTS_MAX} faults, which is the limit`,
          'Remove those that are over, or reset the world.',
        );
      const id = `f${++made}`;
      const fault: Fault = { ...parsed, id, seen: 0, fired: 0, isOver: false };
      // Each has its own stream, so that one more fault does not change when the others happen.
      const { forSeconds = Infinity } = parsed.on;
      armed.set(id, { fault, chance: randomnessOf(`fault ${id}`), untilMs: now() + forSeconds * 1000 });
      return fault;
    },
    list: () => [...armed.values()].map(current),
    find(id) {
      const found = armed.get(id);
      return found === undefined ? undefined : current(found);
    },
    disarm: (id) => armed.delete(id),
    disarmAll: () => armed.clear(),
    strike: (facts) =>
      [...armed.values()].flatMap((one) => {
        if (current(one).isOver || !fits(one.fault.on, facts)) return [];
        const seen = one.fault.seen + 1;
        const isHit = isTurn(one.fault.on, seen, one.chance);
        const fired = one.fault.fired + (isHit ? 1 : 0);
        one.fault = { ...one.fault, seen, fired, isOver: isSpent(one.fault, seen, fired) };
        return isHit ? [one.fault] : [];
      }),
  };
};

const fits = (on: FaultTarget, facts: RequestFacts): boolean =>
  (on.endpoint === 'any' || on.endpoint === facts.endpoint) &&
  (on.grantType === undefined || on.grantType === facts.grantType) &&
  (on.client === undefined || on.client === facts.client) &&
  (on.grant === undefined || on.grant === facts.grant);

const isTurn = ({ nth, every, probability }: FaultTarget, seen: number, chance: Randomness): boolean => {
  // Drawn at every request that fits, so that the other conditions do not move the stream.
  const isLucky = probability === undefined || chance.fraction() < probability;
  return isLucky && (nth === undefined || seen === nth) && (every === undefined || seen % every === 0);
};

const isSpent = ({ on, times }: Fault, seen: number, fired: number): boolean =>
  (times !== 'always' && fired >= times) || (on.nth !== undefined && seen >= on.nth);
