import type { DatabaseSync } from 'node:sqlite';
import type { Caller } from '../../log-event.ts';

/** How many callers are distinguished. Further ones are not stored: clients are services, and have few addresses. */
const CALLERS_MAX = 100_000;

/** The callers, each with a small number, so that the row of a grant stays small. */
export const createCallerNames = (database: DatabaseSync, callersMax = CALLERS_MAX) => {
  const select = database.prepare('SELECT number FROM callers WHERE address = ? AND user_agent = ?');
  const selectByNumber = database.prepare('SELECT address, user_agent FROM callers WHERE number = ?');
  const count = database.prepare('SELECT count(*) AS callers FROM callers');
  const insert = database.prepare('INSERT INTO callers (address, user_agent) VALUES (?, ?)');
  const known = new Map<string, number>();
  const named = new Map<number, Caller>();
  /** By the object: the requests of one connection share it. */
  let numbers = new WeakMap<Caller, number>();
  let isFull = false;

  const numberByText = (caller: Caller): number | null => {
    const text = `${caller.address} ${caller.userAgent}`;
    const kept = known.get(text);
    if (kept !== undefined) return kept;
    const row = select.get(caller.address, caller.userAgent);
    isFull ||= row === undefined && Number(count.get()?.['callers']) >= callersMax;
    if (row === undefined && isFull) return null;
    const number = Number(row?.['number'] ?? insert.run(caller.address, caller.userAgent).lastInsertRowid);
    known.set(text, number);
    return number;
  };

  return {
    /** The number of a caller, which a new one gets in the open transaction; `null` once there are too many. */
    numberOf(caller: Caller): number | null {
      const kept = numbers.get(caller);
      if (kept !== undefined) return kept;
      const number = numberByText(caller);
      if (number !== null) numbers.set(caller, number);
      return number;
    },
    callerOf(number: unknown): Caller | undefined {
      if (typeof number !== 'number') return undefined;
      const kept = named.get(number);
      if (kept !== undefined) return kept;
      const row = selectByNumber.get(number);
      if (row === undefined) return undefined;
      const caller = { address: String(row['address']), userAgent: String(row['user_agent']) };
      named.set(number, caller);
      return caller;
    },
    /** Drops what was named in a transaction that was undone. */
    forget: () => {
      known.clear();
      named.clear();
      numbers = new WeakMap();
    },
  };
};

export type CallerNames = ReturnType<typeof createCallerNames>;
