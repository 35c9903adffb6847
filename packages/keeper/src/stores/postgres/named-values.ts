import type { Value } from '../rows.ts';

/** Values of a statement by name. A list is an array of the database. */
export type NamedValues = Readonly<
  Record<string, Value | boolean | undefined | readonly (Value | undefined)[]>
>;

type Positional = { readonly text: string; readonly names: readonly string[] };

const NAME = /(?<!:):(?<name>[a-zA-Z]+)/g;
const known = new Map<string, Positional>();

/**
 * Texts of PostgreSQL have no U+0000, and a statement with one fails. No stored name has a control character: where one is asked for with
 * another control character, nothing is found either, and the order is the same.
 */
const storable = (value: NamedValues[string] | null): unknown =>
  typeof value === 'string' ? value.replaceAll('\0', '\u0001') : value;

/** A statement with `:name`, in the form of the driver. `::` stays a cast. */
export const toPositional = (
  statement: string,
  values: NamedValues,
): { readonly text: string; readonly values: unknown[] } => {
  let positional = known.get(statement);
  if (positional === undefined) {
    const names: string[] = [];
    const text = statement.replace(NAME, (_, name: string) => {
      if (!names.includes(name)) names.push(name);
      return `$${names.indexOf(name) + 1}`;
    });
    positional = { text, names };
    known.set(statement, positional);
  }
  return { text: positional.text, values: positional.names.map((name) => storable(values[name] ?? null)) };
};
