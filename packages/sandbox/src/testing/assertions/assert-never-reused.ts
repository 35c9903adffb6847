import type { WorldRequest } from '../world-state.ts';
import { describeRequest, describeRequests } from './describe-requests.ts';
import { isServed, readRefreshes, readTokenName } from './refresh-requests.ts';
import type { ReadableWorld, RefreshFilter } from './refresh-requests.ts';
import { SandboxAssertionError } from './sandbox-assertion-error.ts';

/**
 * No refresh token was presented again after its successor had reached the client, also where the vendor tolerates it for a
 * while. Presenting it again because the answer was lost is right, and no reuse.
 */
export const assertNeverReused = async (world: ReadableWorld, filter: RefreshFilter = {}): Promise<void> => {
  // An earlier request may be the one that brought the successor.
  const all = await readRefreshes(world, { ...filter, after: 0 });
  const reused = all.flatMap((request) => {
    const giver = all.find((earlier) => isSuccessorOf(earlier, request));
    return giver === undefined || request.number <= (filter.after ?? 0) ? [] : [{ request, giver }];
  });
  const [first] = reused;
  if (first === undefined) return;
  const { request, giver } = first;
  throw new SandboxAssertionError(
    [
      `The code presented ${request.token} again, when it had ${giver.answer?.refreshToken} already.`,
      `  got it   ${describeRequest(giver)}`,
      `  reused   ${describeRequest(request)}`,
      'Store the new refresh token before anything else, and let one refresh run at a time.',
    ].join('\n') + describeRequests(all),
  );
};

/** Whether `earlier` was over when the request arrived, and had brought a newer token of the same grant. */
const isSuccessorOf = (earlier: WorldRequest, request: WorldRequest): boolean => {
  const presented = readTokenName(request.token);
  const got = readTokenName(earlier.answer?.refreshToken);
  return (
    presented !== undefined &&
    got !== undefined &&
    isServed(earlier) &&
    earlier.sequence < request.arrivedSequence &&
    got.grant === presented.grant &&
    got.generation > presented.generation
  );
};
