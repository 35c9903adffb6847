import { forecastDue, forecastEnds } from './forecast.ts';
import type { Forecast } from './forecast.ts';
import type { GrantState } from '../grants/grant.ts';
import type { Engine } from '../refresh/engine.ts';
import type { Attempt, Store } from '../stores/store.ts';
import type { Millis } from '../time.ts';
import { clientViewOf, viewOf } from './view.ts';
import type { ClientView, ConnectionDetails, ConnectionView } from './view.ts';

/** What people and pages read of a keeper. Nothing of it is secret, and nothing changes a grant. */
export type Reading = {
  /** Connections by name, a thousand at most; go on with `after`. */
  list(filter?: {
    readonly state?: GrantState | undefined;
    readonly client?: string | undefined;
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<readonly ConnectionView[]>;
  /** One connection and its last sends; `undefined` where there is none. */
  inspect(name: string): Promise<ConnectionDetails | undefined>;
  /** The sends of a connection's grant, newest first, a thousand at most; go on with `beforeMs`. */
  timeline(
    name: string,
    page?: { readonly limit?: number | undefined; readonly beforeMs?: Millis | undefined },
  ): Promise<readonly Attempt[]>;
  /** How many connections there are, and how many grants by state, by cause of death and by client. */
  counts: Store['counts'];
  /** What is known about each client. */
  clients(): readonly ClientView[];
  /** How many grants are refreshed in each of the next hours; 24 by default. */
  forecastDue(hours?: number): Promise<Forecast>;
  /** How many refresh tokens end on each of the next days, if they are not refreshed; 90 by default. */
  forecastEnds(days?: number): Promise<Forecast>;
};

const PAGE_MAX = 1000;
const PAGE_USUAL = 100;
const ATTEMPTS_SHOWN = 20;

/** Up to so many grants are read for every question. */
const SMALL_MAX = 20_000;
/** In a larger store the answer is kept for so long: it is one of days, and reads an index entry per grant. */
const KEPT_MS = 60_000;

const createEndsReader = (engine: Engine): Reading['forecastEnds'] => {
  const kept = new Map<number, { readonly untilMs: Millis; readonly forecast: Promise<Forecast> }>();
  return async (count = 90) => {
    const { states } = await engine.store.counts();
    const grants = Object.values(states).reduce((sum, one) => sum + one, 0);
    if (grants <= SMALL_MAX) return forecastEnds(engine, count);
    const nowMs = engine.clock.monotonicMs();
    const last = kept.get(count);
    if (last !== undefined && last.untilMs > nowMs) return last.forecast;
    const forecast = forecastEnds(engine, count);
    kept.clear();
    kept.set(count, { untilMs: nowMs + KEPT_MS, forecast });
    // A store that was away is asked again.
    forecast.catch(() => kept.delete(count));
    return forecast;
  };
};

export const createReading = (engine: Engine): Reading => {
  const { store } = engine;
  return {
    list: async ({ limit = PAGE_USUAL, ...filter } = {}) =>
      (await store.list({ ...filter, limit: Math.min(PAGE_MAX, limit) })).map((one) =>
        viewOf(one.name, one.grant),
      ),
    async inspect(name) {
      const grant = await store.find(name);
      if (grant === undefined) return undefined;
      const attempts = await store.attempts(grant.id, ATTEMPTS_SHOWN);
      return { ...viewOf(name, grant), attempts, sharedBy: await store.connectionsOf(grant.id) };
    },
    async timeline(name, { limit = PAGE_USUAL, beforeMs } = {}) {
      const grant = await store.find(name);
      return grant === undefined ? [] : store.attempts(grant.id, Math.min(PAGE_MAX, limit), beforeMs);
    },
    counts: () => store.counts(),
    clients: () =>
      [...engine.clients].map(([name, client]) =>
        clientViewOf(name, client, engine.book.facts(name), store.nowMs()),
      ),
    forecastDue: (hours = 24) => forecastDue(engine, hours),
    forecastEnds: createEndsReader(engine),
  };
};
