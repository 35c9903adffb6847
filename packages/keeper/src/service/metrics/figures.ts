import { StoreError } from '../../errors.ts';
import type { Keeper } from '../../keeper.ts';
import type { KeeperParts } from '../../keeper-parts.ts';
import type { EndpointHealth } from '../../stores/deliveries.ts';
import type { Figures } from '../../stores/figures.ts';
import type { Counts } from '../../stores/store.ts';
import type { Forecast } from '../../reading/forecast.ts';
import type { Millis } from '../../time.ts';

/** What metrics read of the store. */
export type StoreFigures = {
  readonly nowMs: Millis;
  readonly counts: Counts;
  readonly ends: Forecast;
  readonly figures: Figures;
  readonly endpoints: readonly EndpointHealth[];
  /** Closed grants whose pair must still be revoked, by client. */
  readonly revocations: Readonly<Record<string, number>>;
};

/** However often metrics are asked for, the store is read once in so long. */
const FRESH_MS = 10_000;
const DAYS = 90;

/** Reads the figures of the store, at most once in ten seconds; `undefined` where it does not answer. */
export const createFigures = (
  keeper: Keeper,
  { engine }: KeeperParts,
): (() => Promise<StoreFigures | undefined>) => {
  const { store, clock, clients } = engine;
  let readAtMs = -Infinity;
  let last: Promise<StoreFigures | undefined> = Promise.resolve(undefined);
  const read = async (): Promise<StoreFigures | undefined> => {
    try {
      const [counts, ends, figures, endpoints, revocations] = await Promise.all([
        keeper.counts(),
        keeper.forecastEnds(DAYS),
        store.figures([...clients.keys()]),
        store.endpointHealth(),
        store.countRevocations(),
      ]);
      return { nowMs: store.nowMs(), counts, ends, figures, endpoints, revocations };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return undefined;
    }
  };
  return () => {
    if (clock.monotonicMs() - readAtMs < FRESH_MS) return last;
    readAtMs = clock.monotonicMs();
    return (last = read());
  };
};
