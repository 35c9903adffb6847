import type { ControlClient } from './control-client.ts';
import type {
  ArmedFault,
  CommitSide,
  FaultAction,
  FaultOccasion,
  FaultState,
  Loss,
  MadeUpAnswer,
  NewFault,
} from './fault.ts';
import { nameOfGrant } from './grant-reference.ts';
import { SandboxProblem } from './sandbox-problem.ts';

/** What goes wrong in a world. Every fault happens to token requests, once, unless it says otherwise. */
export type WorldFaults = {
  /** Loses an answer, after the server has committed or before it: `{ after: 'commit', nth: 2 }`. */
  loseAnswer(
    loss: CommitSide & FaultOccasion & { readonly how?: Loss; readonly afterBytes?: number },
  ): Promise<ArmedFault>;
  /** Answers something else, by default before the server sees the request: `{ status: 503, times: 'always' }`. */
  answer(answer: MadeUpAnswer & FaultOccasion & Partial<CommitSide>): Promise<ArmedFault>;
  /** Makes answers late: by `seconds` of the world, or by real `milliseconds`. */
  delay(
    delay: FaultOccasion &
      ({ readonly seconds: number; readonly movesClock?: boolean } | { readonly milliseconds: number }),
  ): Promise<ArmedFault>;
  /** Any fault, as the control API has it. */
  arm(fault: NewFault): Promise<ArmedFault>;
  list(): Promise<readonly FaultState[]>;
  /** Removes all of them: the outage is over. */
  clear(): Promise<void>;
};

/** `path` is that of the world. */
export const createWorldFaults = ({ call }: ControlClient, path: string): WorldFaults => {
  // Members that are `undefined` are not sent.
  const arm = async ({ on, ...fault }: NewFault): Promise<ArmedFault> => {
    const target = on?.grant === undefined ? on : { ...on, grant: nameOfGrant(on.grant) };
    const state = await call<FaultState>('POST', `${path}/faults`, { ...fault, on: target });
    const own = `${path}/faults/${state.id}`;
    return { ...state, read: () => call('GET', own), remove: () => call('DELETE', own) };
  };
  const armOn = (occasion: FaultOccasion, action: FaultAction): Promise<ArmedFault> => {
    const { times, ...on } = occasion;
    return arm({ on, do: action, ...(times === undefined ? {} : { times }) });
  };
  return {
    async loseAnswer({ after, before, how, afterBytes, ...occasion }) {
      return armOn(occasion, { loseAnswer: sideOf({ after, before }) ?? noSide(), how, afterBytes });
    },
    async answer({ after, before, status, headers, body, bodyName, ...occasion }) {
      return armOn(occasion, { status, headers, body, bodyName, at: sideOf({ after, before }) });
    },
    async delay(delay) {
      if (!('seconds' in delay)) {
        const { milliseconds, ...occasion } = delay;
        return armOn(occasion, { delayMilliseconds: milliseconds });
      }
      const { seconds, movesClock, ...occasion } = delay;
      return armOn(occasion, { delaySeconds: seconds, movesClock });
    },
    arm,
    list: async () =>
      (await call<{ readonly faults: readonly FaultState[] }>('GET', `${path}/faults`)).faults,
    clear: () => call('DELETE', `${path}/faults`),
  };
};

const sideOf = ({
  after,
  before,
}: {
  readonly after?: unknown;
  readonly before?: unknown;
}): 'afterCommit' | 'beforeCommit' | undefined => {
  if (after !== undefined && before !== undefined) noSide();
  if (after === 'commit') return 'afterCommit';
  if (before === 'commit') return 'beforeCommit';
  return after === undefined && before === undefined ? undefined : noSide();
};

const noSide = (): never => {
  throw new SandboxProblem(
    'input_invalid',
    'The fault does not say on which side of the commit it is',
    "Give after: 'commit' or before: 'commit'.",
  );
};
