import { DIALECTS } from '@keyfob/server/dialects';
import type { Dialect } from '@keyfob/server/dialects';
import type { WorldClient } from './world-clients.ts';

/** Environment variables by their names. */
export type Environment = Readonly<Record<string, string>>;

const dialects: readonly Dialect[] = Object.values(DIALECTS);

/**
 * The name of the environment of each dialect for code without an SDK of its own. Their variables have names of their own,
 * so that a command can have them all.
 */
export const COMPATIBLE_ENVIRONMENTS: ReadonlyMap<string, string> = new Map(
  dialects.flatMap(({ name, sandbox }) => {
    const [first] = Object.keys(sandbox.environments);
    return first === undefined ? [] : [[name, first] as const];
  }),
);

/** The variables that each known SDK wants, to reach a world as the client of its dialect. */
export const environmentsOf = (
  url: string,
  find: (name: string) => WorldClient | undefined,
): Readonly<Record<string, Environment>> =>
  Object.fromEntries(
    dialects.flatMap(({ name: dialect, sandbox }) => {
      const client = find(dialect);
      if (client === undefined) return [];
      return Object.entries(sandbox.environments).map(
        ([name, variables]) => [name, variables({ url, client })] as const,
      );
    }),
  );
