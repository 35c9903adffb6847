import type { SQLInputValue } from 'node:sqlite';

/** A condition of a statement, and the values of its parameters. */
export type Condition = { readonly sql: string; readonly values: readonly SQLInputValue[] };

export const condition = (sql: string, ...values: readonly SQLInputValue[]): Condition => ({ sql, values });

/** The conditions of a filter; one whose value is `undefined` is left out. */
export const conditionsOf = (
  filter: readonly (readonly [sql: string, value: SQLInputValue | undefined])[],
): readonly Condition[] =>
  filter.flatMap(([sql, value]) => (value === undefined ? [] : [condition(sql, value)]));

/**
 * Reads pages of rows to which every condition applies. `prepare` makes the statement for their SQL, whose last parameter is
 * the limit. Each combination of conditions is prepared once, at its first use.
 */
export const createConditionalReads = <Row>(
  prepare: (where: string) => { all(...parameters: readonly SQLInputValue[]): readonly Row[] },
): ((conditions: readonly Condition[], limit: number) => readonly Row[]) => {
  const statements = new Map<string, ReturnType<typeof prepare>>();
  return (conditions, limit) => {
    const where = conditions.map(({ sql }) => sql).join(' AND ');
    const statement = statements.get(where) ?? prepare(where);
    statements.set(where, statement);
    return statement.all(...conditions.flatMap(({ values }) => values), limit);
  };
};
