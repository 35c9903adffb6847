import { SandboxError } from '../sandbox-error.ts';
import type { RequestFacts } from '../faults/armed-faults.ts';

/** Something that a scenario does before a later request of its grant. */
export type PlannedAct = {
  /** Before which token request since the scenario began, from 1. */
  readonly before: number;
  /** Whether also before every one after that. */
  readonly repeats: boolean;
  /** What it does, in a sentence. */
  readonly says: string;
  /** Answers what it did, in a sentence. */
  readonly perform: () => Promise<string>;
};

/** A scenario that goes on in a world. */
export type RunningScenario = {
  readonly name: string;
  /** The grant that it is about, by its name. */
  readonly grant: string;
  /** What it has done, in sentences, oldest first. */
  readonly did: readonly string[];
  /** What it still does. */
  readonly planned: readonly PlannedAct[];
};

/** A scenario to add: it ends what it has opened when it is over. */
export type StartingScenario = RunningScenario & { readonly close: () => void };

/** The scenarios that go on in a world. */
export type RunningScenarios = {
  /** Throws `SandboxError` where one more would be too many. */
  requireRoom(): void;
  add(scenario: StartingScenario): void;
  list(): readonly RunningScenario[];
  /** Runs what is planned before a token request, before the server sees it. Answers whether anything was. */
  meet(facts: Pick<RequestFacts, 'endpoint' | 'grant'>): Promise<boolean>;
  /** Ends the scenarios of a name: what they planned does not happen. Answers how many there were. */
  end(name: string): number;
  close(): void;
};

export const RUNNING_MAX = 100;
/** A scenario that acts before every request would fill the memory of a long session. */
const DID_MAX = 100;

type Run = { scenario: StartingScenario; seen: number };

export const createRunningScenarios = (): RunningScenarios => {
  let runs: Run[] = [];
  let last: Promise<unknown> = Promise.resolve();

  const note = (run: Run, says: string): void => {
    run.scenario = { ...run.scenario, did: [...run.scenario.did, says].slice(-DID_MAX) };
  };

  const perform = async (run: Run): Promise<boolean> => {
    const request = ++run.seen;
    const due = run.scenario.planned.filter(({ before, repeats }) =>
      repeats ? request >= before : request === before,
    );
    for (const act of due)
      note(
        run,
        await act
          .perform()
          .catch((error: unknown) => `Not done: ${error instanceof Error ? error.message : String(error)}.`),
      );
    const planned = run.scenario.planned.filter(({ before, repeats }) => repeats || before > request);
    run.scenario = { ...run.scenario, planned };
    return due.length > 0;
  };

  return {
    requireRoom() {
      if (runs.length >= RUNNING_MAX)
        throw new SandboxError(
          'too_many_scenarios',
          `${RUNNING_MAX} scenarios go on in this world, which is the limit`,
          'End some, or reset the world.',
        );
    },
    add: (scenario) => void runs.push({ scenario, seen: 0 }),
    list: () => runs.map(({ scenario }) => scenario),
    async meet({ endpoint, grant }) {
      if (endpoint !== 'token' || grant === undefined) return false;
      const due = runs.filter(({ scenario }) => scenario.grant === grant);
      if (due.length === 0) return false;
      // One request after the other: the second finds done what the first has begun.
      const results = last.then(async () => {
        const acted: boolean[] = [];
        for (const run of due) acted.push(await perform(run));
        return acted.includes(true);
      });
      last = results.catch(() => {});
      return results;
    },
    end(name) {
      const ended = runs.filter(({ scenario }) => scenario.name === name);
      runs = runs.filter(({ scenario }) => scenario.name !== name);
      for (const { scenario } of ended) scenario.close();
      return ended.length;
    },
    close() {
      for (const { scenario } of runs) scenario.close();
      runs = [];
    },
  };
};
