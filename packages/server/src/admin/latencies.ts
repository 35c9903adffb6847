import { TOKEN_PATHS } from '../dialects/dialects.ts';
import type { Endpoints } from '../http/endpoints.ts';

/** Upper bounds in seconds, from a commit on a quick disk to what a store is waited for. */
export const BOUNDS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] as const;

export type Latencies = {
  /** How many took at most each bound and longer than the one before; the last are those that took longer than all. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
};

const emptyCounts = (): number[] => Array<number>(BOUNDS_SECONDS.length + 1).fill(0);

export const NONE: Latencies = { counts: emptyCounts(), sumSeconds: 0 };

/**
 * The endpoints, with the time that each request to a token endpoint takes from when it is read whole to when its answer is
 * there: the commit is in it, the way over the network is not.
 */
export const timeTokenRequests = (
  endpoints: Endpoints,
  now: () => number = () => performance.now(),
): { readonly endpoints: Endpoints; readonly read: () => Latencies } => {
  const counts = emptyCounts();
  let sumSeconds = 0;
  const note = (seconds: number): void => {
    let bucket = 0;
    while (bucket < BOUNDS_SECONDS.length && seconds > (BOUNDS_SECONDS[bucket] ?? 0)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    sumSeconds += seconds;
  };
  // The answer is not held up by being waited for here too.
  const respond: Endpoints['respond'] = (request, caller) => {
    const startedAtMs = now();
    const answer = endpoints.respond(request, caller);
    if (TOKEN_PATHS.has(request.path)) void answer.then(() => note((now() - startedAtMs) / 1000));
    return answer;
  };
  return {
    endpoints: { ...endpoints, respond },
    read: () => ({ counts, sumSeconds }),
  };
};
