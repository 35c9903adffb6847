import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { prepareValues } from './rows.ts';

/** How many are kept in memory. There may be more; those are read each time. */
const KNOWN_MAX = 10_000;

/** The scopes, each with a small number, so that the row of a grant stays small. A scope keeps its number forever. */
export const createScopeNames = (database: DatabaseSync) => {
  const select = prepareValues(database, 'SELECT number FROM scopes WHERE scope = ?');
  const selectByNumber = prepareValues(database, 'SELECT scope FROM scopes WHERE number = ?');
  const insert = database.prepare('INSERT INTO scopes (scope) VALUES (?)');
  const known = new Map<unknown, string>();
  return {
    /** The number of a scope, which a new one gets in the open transaction. */
    numberOf(scope: string): number {
      return Number(select.get(scope)?.[0] ?? insert.run(scope).lastInsertRowid);
    },
    scopeOf(number: unknown): string {
      const kept = known.get(number);
      if (kept !== undefined) return kept;
      const scope = selectByNumber.get(Number(number))?.[0];
      if (typeof scope !== 'string') throw new StoreError('unavailable', 'the scope of a grant is missing');
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(number, scope);
      return scope;
    },
    /** Forgets what a rolled back transaction added. */
    forget: () => known.clear(),
  };
};

export type ScopeNames = ReturnType<typeof createScopeNames>;
