import { describeRequests } from './assertions/describe-requests.ts';
import type { ControlClient } from './control-client.ts';
import { nameOfGrant } from './grant-reference.ts';
import type { GrantReference } from './grant-reference.ts';
import { SandboxProblem } from './sandbox-problem.ts';
import type { WorldRequest } from './world-state.ts';

/** Which requests of a journal. All that is given must fit. */
export type RequestFilter = {
  /** Such as `token` or `vehicles`. */
  readonly endpoint?: string;
  /** By its name in the world. */
  readonly client?: string;
  readonly grant?: GrantReference;
  /** Only those with a larger number: those that came later. */
  readonly after?: number;
};

/** How many to wait for, and for how long. */
export type RequestWait = {
  /** Waits until so many are over, and throws if they do not come. Without it, those that are over now. */
  readonly count?: number;
  /** Real seconds; 5 by default. */
  readonly timeoutSeconds?: number;
};

type Page = { readonly requests: readonly WorldRequest[]; readonly next: number };

const WAIT_SECONDS = 5;
const POLL_MAX_SECONDS = 30;
const monotonic = performance.now.bind(performance);

/** The requests of a world that are over, in the order of their arrival. Throws `SandboxProblem` `timeout`. */
export const readWorldRequests = async (
  { call }: ControlClient,
  path: string,
  { count, timeoutSeconds = WAIT_SECONDS, after = 0, grant, ...filter }: RequestFilter & RequestWait,
): Promise<readonly WorldRequest[]> => {
  const query = new URLSearchParams({ stage: 'ended', ...filter });
  if (grant !== undefined) query.set('grant', nameOfGrant(grant));
  const untilMs = monotonic() + timeoutSeconds * 1000;
  const found = new Map<number, WorldRequest>();
  const isEnough = (): boolean => count !== undefined && found.size >= count;
  let next = 0;
  for (;;) {
    const leftSeconds = count === undefined ? 0 : Math.max(0, (untilMs - monotonic()) / 1000);
    query.set('after', String(next));
    query.set('wait', Math.min(leftSeconds, POLL_MAX_SECONDS).toFixed(3));
    const page = await call<Page>('GET', `${path}/requests?${query.toString()}`);
    for (const request of page.requests) if (request.number > after) found.set(request.number, request);
    next = page.next;
    if (isEnough() || (page.requests.length === 0 && leftSeconds === 0)) break;
  }
  const requests = [...found.values()].sort((one, other) => one.number - other.number);
  if (count === undefined || isEnough()) return requests;
  throw new SandboxProblem(
    'timeout',
    `${requests.length} of ${count} requests came in ${timeoutSeconds} seconds${describeRequests(requests)}`,
    'Is the code pointed at this world, and has it sent them? timeoutSeconds waits longer.',
  );
};
