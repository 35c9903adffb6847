import type { Clock } from '../clock.ts';
import { TOKEN_PATHS } from '../dialects/dialects.ts';
import type { Endpoints } from '../http/endpoints.ts';

/** Upper bounds in seconds, from a commit on a fast disk to the timeout of the store. */
export const BOUNDS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] as const;

export type Latencies = {
  /** Per bound, the requests that took at most that long and longer than the bound before; the last are all slower ones. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
};

const emptyCounts = (): number[] => Array<number>(BOUNDS_SECONDS.length + 1).fill(0);

export const NONE: Latencies = { counts: emptyCounts(), sumSeconds: 0 };

/**
 * Measures how long each request to a token endpoint takes, from the read of its last byte to its answer. This includes the
 * commit, but not the network.
 */
export const timeTokenRequests = (
  endpoints: Endpoints,
  now: Clock = () => performance.now(),
): { readonly endpoints: Endpoints; readonly read: () => Latencies } => {
  const counts = emptyCounts();
  let sumSeconds = 0;
  const note = (seconds: number): void => {
    let bucket = 0;
    while (bucket < BOUNDS_SECONDS.length && seconds > (BOUNDS_SECONDS[bucket] ?? 0)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    sumSeconds += seconds;
  };
  // Measuring does not delay the answer.
  const answer: Endpoints['answer'] = (request, from, done) => {
    if (request.method !== 'POST' || !TOKEN_PATHS.has(request.path))
      return endpoints.answer(request, from, done);
    const startedAtMs = now();
    endpoints.answer(request, from, (response) => {
      done(response);
      note((now() - startedAtMs) / 1000);
    });
  };
  return {
    endpoints: { ...endpoints, answer },
    read: () => ({ counts, sumSeconds }),
  };
};
