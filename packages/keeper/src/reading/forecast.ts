import type { DueRank } from '../grants/grant.ts';
import type { Span, Step, Store } from '../stores/store.ts';
import { days } from '../time.ts';
import type { Millis } from '../time.ts';

/** How many grants reach a moment in each step of the time that comes. */
export type Forecast = {
  /** Those that should have reached it before the first step. */
  readonly overdue: number;
  readonly steps: readonly ForecastStep[];
};

/** A step: an hour or a day. */
export type ForecastStep = {
  readonly fromMs: Millis;
  readonly grants: number;
  /** The same by client; one without any is left out. */
  readonly clients: Readonly<Record<string, number>>;
};

const HOUR_MS = 3_600_000;
const STEPS_MAX = 1000;
const RANKS: readonly DueRank[] = [0, 1, 2];

/** What a forecast reads: the store, and the names of the clients. */
export type Forecasting = {
  readonly store: Pick<Store, 'nowMs' | 'dueSteps' | 'endSteps'>;
  readonly clients: { keys(): Iterable<string> };
};

type Counted = { readonly client: string; readonly steps: readonly Step[] };

/** How many grants are refreshed in each of the next hours, the first one from now, if all goes well. */
export const forecastDue = async ({ store, clients }: Forecasting, hours: number): Promise<Forecast> => {
  const span = spanOf(store.nowMs(), hours, HOUR_MS);
  const counted: Counted[] = [];
  for (const client of clients.keys())
    for (const rank of RANKS) counted.push({ client, steps: await store.dueSteps({ client, rank }, span) });
  return addUp(span, counted);
};

/** How many refresh tokens end on each of the next days (UTC), the first one today, if nothing is refreshed before. */
export const forecastEnds = async ({ store, clients }: Forecasting, count: number): Promise<Forecast> => {
  const today = Math.floor(store.nowMs() / days(1)) * days(1);
  const span = spanOf(today, count, days(1));
  const counted: Counted[] = [];
  for (const client of clients.keys()) counted.push({ client, steps: await store.endSteps(client, span) });
  return addUp(span, counted);
};

const spanOf = (fromMs: Millis, steps: number, stepMs: Millis): Span => {
  const most = Math.max(1, Math.min(STEPS_MAX, Math.floor(steps)));
  return { fromMs, stepMs, untilMs: fromMs + most * stepMs };
};

const addUp = ({ fromMs, untilMs, stepMs }: Span, counted: readonly Counted[]): Forecast => {
  const steps = Array.from({ length: (untilMs - fromMs) / stepMs }, (_, step) => ({
    fromMs: fromMs + step * stepMs,
    grants: 0,
    clients: {} as Record<string, number>,
  }));
  let overdue = 0;
  for (const { client, steps: found } of counted)
    for (const { step, grants } of found) {
      const at = steps[step];
      if (at === undefined) {
        overdue += grants;
        continue;
      }
      at.grants += grants;
      at.clients[client] = (at.clients[client] ?? 0) + grants;
    }
  return { overdue, steps };
};
