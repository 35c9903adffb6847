import { canBeText } from './rows.ts';

/** The conditions of a statement, which begin with AND, and the values of all its parameters. */
export type Conditions = { readonly sql: string; readonly values: readonly unknown[] };

/**
 * The conditions of a filter, each with its value as the parameter that `write` names in SQL; one whose value is `undefined` is
 * left out. `first` are the values of the parameters before them. Answers `undefined` where a text is none that the database can hold, so no
 * row has it.
 */
export const conditionsOf = (
  first: readonly unknown[],
  filter: readonly (readonly [write: (parameter: string) => string, value: unknown])[],
): Conditions | undefined => {
  const given = filter.filter(([, value]) => value !== undefined);
  if (given.some(([, value]) => typeof value === 'string' && !canBeText(value))) return undefined;
  return {
    sql: given.map(([write], index) => `AND ${write(`$${first.length + index + 1}`)}`).join(' '),
    values: [...first, ...given.map(([, value]) => value)],
  };
};
