import { days } from '../time.ts';
import type { Millis } from '../time.ts';
import type { DueRank } from '../grants/grant.ts';
import type { Step, Store } from '../stores/store.ts';

/** One day (UTC) of a forecast. */
export type ForecastDay = {
  readonly fromMs: Millis;
  /** Refreshes that are planned for it. */
  readonly refreshes: number;
  /** Refresh tokens that end on it if nothing refreshes them before. */
  readonly ends: number;
};

/** What comes, day by day. */
export type DayForecast = {
  readonly days: readonly ForecastDay[];
  /** Planned for before today. */
  readonly overdue: number;
  /** Grants whose consent must be given again, whatever a keeper does. */
  readonly dead: number;
  /** What all clients together may refresh per day, in one process. */
  readonly perDayMax: number;
};

const RANKS: readonly DueRank[] = [0, 1, 2];

/** How many refreshes are planned for each of the next days, and how many refresh tokens end without them. */
export const forecastDays = async (
  store: Pick<Store, 'nowMs' | 'dueSteps' | 'endSteps' | 'counts'>,
  clients: readonly { readonly name: string; readonly perSecondMax: number }[],
  count: number,
): Promise<DayForecast> => {
  const fromMs = Math.floor(store.nowMs() / days(1)) * days(1);
  const span = { fromMs, untilMs: fromMs + days(count), stepMs: days(1) };
  const due: Step[] = [];
  const ends: Step[] = [];
  for (const { name } of clients) {
    for (const rank of RANKS) due.push(...(await store.dueSteps({ client: name, rank }, span)));
    ends.push(...(await store.endSteps(name, span)));
  }
  return {
    days: Array.from({ length: count }, (_, step) => ({
      fromMs: fromMs + days(step),
      refreshes: sumOf(due, step),
      ends: sumOf(ends, step),
    })),
    overdue: sumOf(due, -1),
    dead: (await store.counts()).states.dead ?? 0,
    perDayMax: clients.reduce((sum, { perSecondMax }) => sum + perSecondMax * 86_400, 0),
  };
};

const sumOf = (steps: readonly Step[], wanted: number): number =>
  steps.reduce((sum, { step, grants }) => (step === wanted ? sum + grants : sum), 0);
