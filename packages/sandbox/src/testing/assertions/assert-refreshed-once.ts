import { describeRequests } from './describe-requests.ts';
import { isInconclusive, isServed, readRefreshes } from './refresh-requests.ts';
import type { ReadableWorld, RefreshFilter } from './refresh-requests.ts';
import { SandboxAssertionError } from './sandbox-assertion-error.ts';

/**
 * The code refreshed exactly once, and got its tokens. A request whose answer was lost, or that met a server in trouble (429 and
 * 5xx), does not count: to send it again is right. `after` leaves out earlier requests, and `grant` those of other grants.
 */
export const assertRefreshedOnce = async (
  world: ReadableWorld,
  filter: RefreshFilter = {},
): Promise<void> => {
  const requests = await readRefreshes(world, filter);
  const decided = requests.filter((request) => !isInconclusive(request));
  const [only] = decided;
  if (decided.length === 1 && only !== undefined && isServed(only)) return;
  throw new SandboxAssertionError(
    `${describeCount(requests.length, decided.length, decided.filter(isServed).length)}${describeRequests(requests)}`,
  );
};

const describeCount = (sent: number, decided: number, served: number): string => {
  if (sent === 0) return 'The code did not refresh.';
  if (decided === 0) return 'The code did not get through: no refresh brought it a token.';
  if (decided === 1) return 'The code refreshed once, and was refused.';
  return `The code refreshed ${decided} times (${served} got tokens), and once was enough. Let callers share one refresh.`;
};
