import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '@keyfob/server/errors';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { expectStep, shownOf } from './model.ts';
import type { State, Taken } from './model.ts';
import type { Line } from './swept-process.ts';
import { NOTHING, readGrantEvents, refreshUseOf } from './steps.ts';
import type { Facts, GrantFacts } from './steps.ts';

/** What a run leaves open: the states its store may be in, and the tokens its clients hold. */
export type Acknowledged = {
  readonly states: readonly State[];
  /** By grant: the generation last answered. */
  readonly held: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
};

/**
 * Follows a run line by line. An acknowledged step took place, one reported as `unavailable` did not, and one reported as
 * `outcome_unknown` may have: from there on either is allowed.
 */
export const followRun = (lines: readonly Line[]): Acknowledged => {
  let states: readonly State[] = [{ ...NOTHING, codes: [] }];
  const held = new Map<string, number>();
  const violations: string[] = [];
  for (const line of lines) {
    if (line.about === 'facts') {
      if (!isAmong(states, line.facts))
        violations.push(`reads back ${show([line.facts])}, where only ${show(states)} fit`);
      continue;
    }
    const name = line.about === 'step' ? `${line.about} ${JSON.stringify(line.step)}` : line.about;
    if ('thrown' in line && !isAllowed(line.about, line.thrown))
      violations.push(`${name} threw ${line.thrown}: ${line.message}`);
    if (line.about !== 'step') continue;
    if ('thrown' in line) {
      if (line.thrown === 'outcome_unknown')
        states = unite([...states, ...states.map((facts) => expectStep(facts, line).facts)]);
      continue;
    }
    const after = statesAfter(states, line, line.outcome);
    if (after.length === 0)
      violations.push(`${name} of ${line.presented} answered ${line.outcome} in ${show(states)}`);
    else states = after;
    if (line.generation !== undefined) held.set('grant' in line.step ? line.step.grant : '', line.generation);
  }
  return { states, held, violations };
};

const isAllowed = (about: Line['about'], thrown: string): boolean =>
  about === 'open' ? thrown === 'OperatorError' : thrown === 'unavailable' || thrown === 'outcome_unknown';

const statesAfter = (states: readonly State[], taken: Taken, outcome: string): readonly State[] =>
  unite(
    states.flatMap((facts) => {
      const expected = expectStep(facts, taken);
      return expected.outcome === outcome ? [expected.facts] : [];
    }),
  );

const unite = (states: readonly State[]): readonly State[] => [
  ...new Map(states.map((facts) => [JSON.stringify(facts), facts])).values(),
];

const isAmong = (states: readonly State[], facts: Facts): boolean =>
  states.some((one) => isDeepStrictEqual(shownOf(one), facts));

const show = (states: readonly Facts[]): string =>
  states.map((facts) => JSON.stringify(facts)).join('\n    or ');

/** What the reopened store was found to be. */
export type Found = {
  readonly violations: readonly string[];
  /** Whether a step whose outcome was unknown turned out to have taken place. */
  readonly isUnknownDone: boolean;
};

/** Opens the store of an ended run without faults and checks it against what was acknowledged. */
export const checkStore = async (path: string, acknowledged: Acknowledged): Promise<Found> => {
  const violations: string[] = [];
  let store: Store;
  try {
    store = openSqliteStore(path);
  } catch (error) {
    const what = error instanceof OperatorError ? `${error.code}: ${error.message}` : String(error);
    return { violations: [`the store does not open again: ${what}`], isUnknownDone: false };
  }
  const facts = await readGrantEvents(store);
  if (!isAmong(acknowledged.states, facts))
    violations.push(`after the reopen: ${show([facts])}, where only ${show(acknowledged.states)} fit`);
  for (const grant of facts.grants)
    violations.push(...(await presentHeld(store, { ...facts, codes: [] }, grant, acknowledged.held)));
  await store.close();
  violations.push(...checkIntegrity(path));
  const [first] = acknowledged.states;
  return { violations, isUnknownDone: first === undefined || !isDeepStrictEqual(shownOf(first), facts) };
};

/** The token that the client holds works: as the current one, or as that of a refresh whose answer was a failure. */
const presentHeld = async (
  store: Store,
  facts: State,
  grant: GrantFacts,
  heldGenerations: ReadonlyMap<string, number>,
): Promise<readonly string[]> => {
  const presented = heldGenerations.get(grant.id) ?? 0;
  const taken = { step: { verb: 'refresh', grant: grant.id, keyNumber: 2 }, presented } as const;
  const { outcome } = expectStep(facts, { ...taken, isRetryOfOurs: false });
  const use = refreshUseOf(grant, presented, { keyNumber: 2, isRetryOfOurs: false });
  const result = await store.refresh(use);
  const verdict = result === 'client_gone' ? undefined : result.verdict;
  const answered = verdict?.kind === 'refuse' ? `refuse ${verdict.reason}` : verdict?.kind;
  return answered === outcome && answered !== 'none'
    ? []
    : [
        `after the reopen grant ${grant.id} answers generation ${presented} by ${answered}, not by ${outcome}`,
      ];
};

const checkIntegrity = (path: string): readonly string[] => {
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database.prepare('PRAGMA integrity_check').all();
    const foreign = database.prepare('PRAGMA foreign_key_check').all();
    const found = rows.map((row) => String(row['integrity_check'])).filter((text) => text !== 'ok');
    return [...found, ...foreign.map((row) => `foreign key: ${JSON.stringify(row)}`)];
  } finally {
    database.close();
  }
};
