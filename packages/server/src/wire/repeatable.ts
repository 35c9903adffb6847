/** The parameters that a request may repeat; every other one at most once (RFC 6749 §3.1 and §3.2). @see RFC 8707 §2 */
const REPEATABLE: ReadonlySet<string> = new Set(['resource']);

export const isRepeatable = (name: string): boolean => REPEATABLE.has(name);

/** Adds a value of a repeatable parameter to the earlier ones. Values are URIs, so a space is in none of them. */
export const joinValues = (earlier: string | undefined, value: string): string =>
  earlier === undefined ? value : `${earlier} ${value}`;
