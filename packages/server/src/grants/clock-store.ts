import type { Millis } from '../clock.ts';

/** What a store knows of the time. */
export type StoreClock = {
  /** The clock of the database, which all its servers share; `undefined` for a store without a clock of its own. */
  readonly databaseMs: Millis | undefined;
  /** What a server noted last; `undefined` before the first time. */
  readonly seenAtMs: Millis | undefined;
};

/** The time in a store. */
export type ClockStore = {
  readClock(): Promise<StoreClock>;
  /** Notes the earliest moment that the present may be, so that a server which starts later can check its clock. */
  noteClock(seenAtMs: Millis): Promise<void>;
};
