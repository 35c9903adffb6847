import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { prepareValues } from './rows.ts';

/** As many as are kept in memory. There may be more; those are looked up. */
const KNOWN_MAX = 10_000;

/** The scopes, each named by a small number, so that a grant's row stays small. A number is given once and for ever. */
export const createScopeNames = (database: DatabaseSync) => {
  const select = prepareValues(database, 'SELECT number FROM scopes WHERE scope = ?');
  const selectByNumber = prepareValues(database, 'SELECT scope FROM scopes WHERE number = ?');
  const insert = database.prepare('INSERT INTO scopes (scope) VALUES (?)');
  const known = new Map<unknown, string>();
  return {
    /** The scope's number, given to it inside the running transaction. */
    numberOf(scope: string): number {
      return Number(select.get(scope)?.[0] ?? insert.run(scope).lastInsertRowid);
    },
    scopeOf(number: unknown): string {
      const kept = known.get(number);
      if (kept !== undefined) return kept;
      const scope = selectByNumber.get(Number(number))?.[0];
      if (typeof scope !== 'string')
        throw new StoreError('unavailable', 'a grant names a scope that is not there');
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(number, scope);
      return scope;
    },
    /** Drops what was named in a transaction that was undone. */
    forget: () => known.clear(),
  };
};

export type ScopeNames = ReturnType<typeof createScopeNames>;
