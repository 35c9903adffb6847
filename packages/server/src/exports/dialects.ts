/** `@keyfob/server/dialects`: the vendors whose wire formats the server speaks. */
export { createDialectScopes, dialectOf, DIALECTS, findDialect } from '../dialects/dialects.ts';
export type { Dialect } from '../dialects/dialect.ts';
