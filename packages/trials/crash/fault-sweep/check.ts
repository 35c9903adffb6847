import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '@keyfob/server/errors';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { expectStep, visibleContents } from './model.ts';
import type { ModelState, TakenStep } from './model.ts';
import type { Line } from './swept-process.ts';
import { EMPTY_STORE, readContents, refreshUseOf } from './steps.ts';
import type { GrantRecord, StoreContents } from './steps.ts';

/** What a run's output allows: the possible states of its store, and the tokens that its clients hold. */
export type Acknowledged = {
  readonly states: readonly ModelState[];
  /** For each grant, the generation in the last answer. */
  readonly clientGenerations: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
};

/**
 * Follows the output of a run line by line. An acknowledged step took effect, and a step reported as `unavailable` did not.
 * A step reported as `outcome_unknown` may have: from then on both states are allowed.
 */
export const followRun = (lines: readonly Line[]): Acknowledged => {
  let states: readonly ModelState[] = [{ ...EMPTY_STORE, codes: [] }];
  const clientGenerations = new Map<string, number>();
  const violations: string[] = [];
  for (const line of lines) {
    if (line.about === 'contents') {
      if (!isAllowedState(states, line.contents))
        violations.push(`the store contains ${show([line.contents])}; expected ${show(states)}`);
      continue;
    }
    const name = line.about === 'step' ? `${line.about} ${JSON.stringify(line.step)}` : line.about;
    if ('thrown' in line && !isExpectedError(line.about, line.thrown))
      violations.push(`${name} threw ${line.thrown}: ${line.message}`);
    if (line.about !== 'step') continue;
    if ('thrown' in line) {
      if (line.thrown === 'outcome_unknown')
        states = removeDuplicates([...states, ...states.map((state) => expectStep(state, line).state)]);
      continue;
    }
    const after = statesAfter(states, line, line.outcome);
    if (after.length === 0)
      violations.push(
        `${name} with generation ${line.presented} answered ${line.outcome} in state ${show(states)}`,
      );
    else states = after;
    if (line.generation !== undefined)
      clientGenerations.set('grant' in line.step ? line.step.grant : '', line.generation);
  }
  return { states, clientGenerations, violations };
};

const isExpectedError = (about: Line['about'], thrown: string): boolean =>
  about === 'open' ? thrown === 'OperatorError' : thrown === 'unavailable' || thrown === 'outcome_unknown';

const statesAfter = (
  states: readonly ModelState[],
  taken: TakenStep,
  outcome: string,
): readonly ModelState[] =>
  removeDuplicates(
    states.flatMap((state) => {
      const expected = expectStep(state, taken);
      return expected.outcome === outcome ? [expected.state] : [];
    }),
  );

const removeDuplicates = (states: readonly ModelState[]): readonly ModelState[] => [
  ...new Map(states.map((state) => [JSON.stringify(state), state])).values(),
];

const isAllowedState = (states: readonly ModelState[], contents: StoreContents): boolean =>
  states.some((state) => isDeepStrictEqual(visibleContents(state), contents));

const show = (states: readonly StoreContents[]): string =>
  states.map((state) => JSON.stringify(state)).join('\n    or ');

/** The result of checking the reopened store. */
export type StoreCheck = {
  readonly violations: readonly string[];
  /** Whether a step with an unknown outcome took effect. */
  readonly unknownStepTookEffect: boolean;
};

/** Opens the store of a finished run without faults and checks it against what was acknowledged. */
export const checkStore = async (path: string, acknowledged: Acknowledged): Promise<StoreCheck> => {
  const violations: string[] = [];
  let store: Store;
  try {
    store = openSqliteStore(path);
  } catch (error) {
    const reason = error instanceof OperatorError ? `${error.code}: ${error.message}` : String(error);
    return { violations: [`the store cannot be reopened: ${reason}`], unknownStepTookEffect: false };
  }
  const contents = await readContents(store);
  if (!isAllowedState(acknowledged.states, contents))
    violations.push(`the reopened store contains ${show([contents])}; expected ${show(acknowledged.states)}`);
  const state = { ...contents, codes: [] };
  for (const grant of contents.grants)
    violations.push(...(await presentClientToken(store, state, grant, acknowledged.clientGenerations)));
  await store.close();
  violations.push(...checkIntegrity(path));
  const [first] = acknowledged.states;
  const unknownStepTookEffect = first === undefined || !isDeepStrictEqual(visibleContents(first), contents);
  return { violations, unknownStepTookEffect };
};

/** Checks that the client's token works: as the current one, or as the predecessor if its refresh ended in a failure. */
const presentClientToken = async (
  store: Store,
  state: ModelState,
  grant: GrantRecord,
  clientGenerations: ReadonlyMap<string, number>,
): Promise<readonly string[]> => {
  const presented = clientGenerations.get(grant.id) ?? 0;
  const taken = { step: { verb: 'refresh', grant: grant.id, keyNumber: 2 }, presented } as const;
  const { outcome } = expectStep(state, { ...taken, isRetryOfOurs: false });
  const use = refreshUseOf(grant, presented, { keyNumber: 2, isRetryOfOurs: false });
  const result = await store.refresh(use);
  const verdict = result === 'client_gone' ? undefined : result.verdict;
  const answered = verdict?.kind === 'refuse' ? `refuse ${verdict.reason}` : verdict?.kind;
  return answered === outcome && answered !== 'none'
    ? []
    : [
        `after the reopen, grant ${grant.id} answers generation ${presented} with ${answered} instead of ${outcome}`,
      ];
};

const checkIntegrity = (path: string): readonly string[] => {
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database.prepare('PRAGMA integrity_check').all();
    const foreignKeyErrors = database.prepare('PRAGMA foreign_key_check').all();
    const found = rows.map((row) => String(row['integrity_check'])).filter((text) => text !== 'ok');
    return [...found, ...foreignKeyErrors.map((row) => `foreign key: ${JSON.stringify(row)}`)];
  } finally {
    database.close();
  }
};
