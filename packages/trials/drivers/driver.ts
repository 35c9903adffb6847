import type { QueryResultRow } from 'pg';

/** Asks one statement. */
export type Ask = (text: string, values?: readonly (string | number)[]) => Promise<readonly QueryResultRow[]>;

/** One connection of a driver to a database, made anew by itself where the driver does that. */
export type Session = {
  readonly ask: Ask;
  /** Work between BEGIN and COMMIT, in the way the driver's documentation shows. */
  transact(work: (ask: Ask) => Promise<void>): Promise<void>;
  /** Ends it without waiting for anything. */
  close(): Promise<void>;
};

/** How a session treats its statements. */
export type SessionOptions = {
  /** Whether statements are named, so that the database prepares each once; as the driver comes where not given. */
  readonly isNaming?: boolean;
  /** Every limit that the driver has for the time of a statement is set to this. */
  readonly limitMs?: number;
};

/** A driver of the field, as far as the choice of one rests on it. */
export type Driver = {
  readonly name: 'pg' | 'postgres';
  readonly version: string;
  /** The limits of time that it has for a statement, by their names. */
  readonly limits: string;
  open(url: string, options?: SessionOptions): Session;
};
