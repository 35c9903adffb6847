import type { Clock } from '../clock.ts';
import { DIALECTS, TOKEN_DIALECTS } from '../dialects/dialects.ts';
import type { Endpoints } from '../http/endpoints.ts';

/** Upper bounds in seconds, from a commit on a fast disk to the timeout of the store. */
export const BOUNDS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] as const;

/** How a request ended: with tokens, with an error that its client caused, or with one that the server caused. */
export const OUTCOMES = ['answered', 'refused', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How long requests took at the token endpoints of one dialect, with one outcome. */
export type Latencies = {
  readonly dialect: string;
  readonly outcome: Outcome;
  /** Per bound, the requests that took at most that long and longer than the bound before; the last are all slower ones. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
};

type Series = { readonly counts: number[]; sumSeconds: number };
type SeriesOfDialect = Readonly<Record<Outcome, Series>>;

const createSeries = (): Series => ({
  counts: Array<number>(BOUNDS_SECONDS.length + 1).fill(0),
  sumSeconds: 0,
});

const createSeriesOfDialect = (): SeriesOfDialect => ({
  answered: createSeries(),
  refused: createSeries(),
  failed: createSeries(),
});

/**
 * Measures how long each request to a token endpoint takes, from the read of its last byte to its answer. This includes the
 * commit, but not the network. `read` answers every dialect and outcome, from the start.
 */
export const timeTokenRequests = (
  endpoints: Endpoints,
  now: Clock = () => performance.now(),
): { readonly endpoints: Endpoints; readonly read: () => readonly Latencies[] } => {
  const byDialect = new Map(Object.keys(DIALECTS).map((name) => [name, createSeriesOfDialect()] as const));
  // As the router does, it takes a slash at the end of a path for nothing.
  const byPath = new Map(
    [...TOKEN_DIALECTS].flatMap(([path, name]) =>
      [path, `${path}/`].map((served) => [served, byDialect.get(name)] as const),
    ),
  );
  // Measuring does not delay the answer.
  const answer: Endpoints['answer'] = (request, from, done) => {
    const series = request.method === 'POST' ? byPath.get(request.path) : undefined;
    if (series === undefined) return endpoints.answer(request, from, done);
    const startedAtMs = now();
    endpoints.answer(request, from, (response) => {
      done(response);
      note(series[outcomeOf(response.status)], (now() - startedAtMs) / 1000);
    });
  };
  return {
    endpoints: { ...endpoints, answer },
    read: () =>
      [...byDialect].flatMap(([dialect, series]) =>
        OUTCOMES.map((outcome) => ({ dialect, outcome, ...series[outcome] })),
      ),
  };
};

const note = (series: Series, seconds: number): void => {
  let bucket = 0;
  while (bucket < BOUNDS_SECONDS.length && seconds > (BOUNDS_SECONDS[bucket] ?? 0)) bucket++;
  series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
  series.sumSeconds += seconds;
};

const outcomeOf = (status: number): Outcome => {
  if (status < 400) return 'answered';
  return status < 500 ? 'refused' : 'failed';
};
