import type { Millis } from '../time.ts';

/** Moments that say whether a keeper keeps up. Read from indexes. */
export type Figures = {
  /** When the grant that waits longest was due, by client; those that are being refreshed included. */
  readonly dueAtMs: Readonly<Record<string, Millis>>;
  /** Since when the oldest grant has no sure answer; `undefined` for none. */
  readonly unsureSinceMs: Millis | undefined;
};

/** For metrics. */
export type FigureVerbs = { figures(clients: readonly string[]): Promise<Figures> };
