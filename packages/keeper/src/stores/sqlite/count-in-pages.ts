import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Connection } from './connection.ts';

/** So many rows are read in one turn of the event loop: nothing else runs meanwhile. */
export const ROWS_AT_ONCE = 5000;

/** What is counted, and in which order: `at` and `tie` are the columns of an index that has all the others. */
type Counting = {
  /** An expression: rows with the same value are counted together. */
  readonly group: string;
  readonly from: string;
  readonly where: string;
  readonly at: string;
  readonly tie: string;
  /** Before every `tie`. */
  readonly firstTie: string | number;
};

type Values = Readonly<Record<string, string | number>>;

/**
 * Counts rows of an index by groups, some thousands of them per turn of the event loop. A row that moves meanwhile is counted
 * where it was, where it is, or not at all: good enough for people and plans.
 */
export const createCounter = (
  { database, commits }: Connection,
  { group, from, where, at, tie, firstTie }: Counting,
): ((values: Values) => Promise<ReadonlyMap<string | number, number>>) => {
  const after = `(${at}, ${tie}) > (:afterAt, :afterTie)`;
  const findLast = database.prepare(
    `SELECT ${at} AS at, ${tie} AS tie FROM ${from} WHERE ${where} AND ${after}
      ORDER BY ${at}, ${tie} LIMIT 1 OFFSET ${ROWS_AT_ONCE - 1}`,
  );
  findLast.setAllowUnknownNamedParameters(true);
  // The limit ends the page: with a second comparison of rows, SQLite reads to the end of the index.
  const countPage = database.prepare(
    `SELECT key, count(*) AS grants FROM (SELECT ${group} AS key FROM ${from} WHERE ${where} AND ${after}
      ORDER BY ${at}, ${tie} LIMIT ${ROWS_AT_ONCE}) GROUP BY key`,
  );
  return async (values) => {
    const counted = new Map<string | number, number>();
    let place: Values = { ...values, afterAt: Number.MIN_SAFE_INTEGER, afterTie: firstTie };
    for (;;) {
      const { last, rows } = await commits.read(() => ({
        last: findLast.get(place) as { at: number; tie: string | number } | undefined,
        rows: countPage.all(place) as { key: string | number; grants: number }[],
      }));
      for (const { key, grants } of rows) counted.set(key, (counted.get(key) ?? 0) + grants);
      if (last === undefined) return counted;
      place = { ...values, afterAt: last.at, afterTie: last.tie };
      await nextTurn();
    }
  };
};
