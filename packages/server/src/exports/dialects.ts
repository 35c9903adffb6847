/** `@keyfob/server/dialects`: the vendors whose wire formats the server speaks. */
export {
  createDialectScopes,
  DEFAULT_DIALECT,
  dialectOf,
  DIALECTS,
  findDialect,
} from '../dialects/dialects.ts';
export { Refusal } from '../errors.ts';
export type { Dialect } from '../dialects/dialect.ts';
export type { SandboxClient } from '../dialects/sandbox-facts.ts';
