import type { QueryResultRow } from 'pg';

/** Sends one statement. */
export type Ask = (text: string, values?: readonly (string | number)[]) => Promise<readonly QueryResultRow[]>;

/** One connection of a driver to a database. A driver that reconnects by itself does so. */
export type Session = {
  readonly ask: Ask;
  /** Does work between BEGIN and COMMIT, as the driver's documentation shows it. */
  transact(work: (ask: Ask) => Promise<void>): Promise<void>;
  /** Closes it without waiting. */
  close(): Promise<void>;
};

/** How a session treats its statements. */
export type SessionOptions = {
  /** Whether statements are named, so that the database prepares each once. Absent: the driver's default. */
  readonly isNaming?: boolean;
  /** Every time limit that the driver has for a statement is set to this. */
  readonly limitMs?: number;
};

/** A driver, as far as it matters for the choice of one. */
export type Driver = {
  readonly name: 'pg' | 'postgres';
  readonly version: string;
  /** The names of its time limits for a statement. */
  readonly limits: string;
  open(url: string, options?: SessionOptions): Session;
};
