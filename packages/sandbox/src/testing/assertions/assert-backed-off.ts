import { secondsOf } from '../../seconds-of.ts';
import { writeDuration } from '../duration.ts';
import type { Duration } from '../duration.ts';
import type { WorldRequest } from '../world-state.ts';
import { describeRequest, describeRequests } from './describe-requests.ts';
import { isInconclusive, readRefreshes } from './refresh-requests.ts';
import type { ReadableWorld, RefreshFilter } from './refresh-requests.ts';
import { SandboxAssertionError } from './sandbox-assertion-error.ts';

/** Which refreshes, and how long a wait has to be. */
export type BackOffRule = RefreshFilter & {
  /** From the second failure in a row, where the server has not said how long; 1 second by default. */
  readonly atLeast?: Duration;
};

/**
 * After failures the code waited before it refreshed again: as long as `Retry-After` said, else, from the second failure in a row,
 * at least a second. A token that was refused was not presented again. Waiting counts by the clock of the world and by the real
 * one, whichever moved more. Fails also where nothing has failed, because then it would show nothing.
 */
export const assertBackedOff = async (
  world: ReadableWorld,
  { atLeast = { seconds: 1 }, ...filter }: BackOffRule = {},
): Promise<void> => {
  const leastMs = secondsOf(writeDuration(atLeast)) * 1000;
  const requests = await readRefreshes(world, filter);
  if (!requests.some((request) => isInconclusive(request) || isRefused(request)))
    throw new SandboxAssertionError(
      `No refresh failed, so there was nothing to back off from. Arm a fault first.${describeRequests(requests)}`,
    );
  const failures = new Map<string, number>();
  for (const [index, request] of requests.entries()) {
    const before = requests.slice(0, index).findLast((earlier) => isOfSameGrant(earlier, request));
    const key = keyOf(request);
    if (before !== undefined) {
      const wanted = wantedMs(before, { request, failures: failures.get(key) ?? 0, leastMs });
      const waited = waitedMs(before, request);
      if (waited < wanted)
        throw new SandboxAssertionError(describeHurry({ before, request, waited, wanted, requests }));
    }
    failures.set(key, isInconclusive(request) ? (failures.get(key) ?? 0) + 1 : 0);
  }
};

/** Forever, in milliseconds. */
const NEVER = Number.POSITIVE_INFINITY;

type Attempt = { readonly request: WorldRequest; readonly failures: number; readonly leastMs: number };

/** How long there must be silence between two requests of a grant. */
const wantedMs = (before: WorldRequest, { request, failures, leastMs }: Attempt): number => {
  if (isRefused(before)) return before.token === request.token ? NEVER : 0;
  if (!isInconclusive(before)) return 0;
  const asked = before.delivered === 'all' ? (before.answer?.retryAfterSeconds ?? null) : null;
  if (asked !== null) return asked * 1000;
  return failures >= 2 ? leastMs : 0;
};

/** The server looked at the token, and it is dead. */
const isRefused = ({ answer, delivered, verdict }: WorldRequest): boolean =>
  delivered === 'all' &&
  answer !== null &&
  answer.status < 500 &&
  (verdict === 'refuse' || verdict === 'replay' || answer.error === 'invalid_grant');

/** A token that nobody knows belongs to no grant, and so to its client. */
const keyOf = ({ grant, client }: WorldRequest): string => grant ?? `client ${client ?? ''}`;
const isOfSameGrant = (one: WorldRequest, other: WorldRequest): boolean => keyOf(one) === keyOf(other);

/** From the end of the one to the arrival of the other, by the clock that moved more; 0 if they overlap. */
const waitedMs = (before: WorldRequest, request: WorldRequest): number => {
  const byWorld = Date.parse(request.at) - Date.parse(before.at);
  const byReal = request.arrivedRealMs - before.arrivedRealMs - (before.tookMs ?? 0);
  return Math.max(0, byWorld, byReal);
};

type Hurry = {
  readonly before: WorldRequest;
  readonly request: WorldRequest;
  readonly waited: number;
  readonly wanted: number;
  readonly requests: readonly WorldRequest[];
};

const describeHurry = ({ before, request, waited, wanted, requests }: Hurry): string => {
  const what =
    wanted === NEVER
      ? `The code presented ${request.token ?? 'a token'} again, which had been refused. Stop, and ask the owner to consent again.`
      : `The code waited ${waited / 1000} s before it refreshed again, and ${wanted / 1000} s was asked for.`;
  const hint =
    wanted !== NEVER && before.at === request.at
      ? '\nThe clock of the world stood still: a wait on fake timers counts if it moves with them (world.clock.advance).'
      : '';
  return `${what}\n  failed   ${describeRequest(before)}\n  again    ${describeRequest(request)}${hint}${describeRequests(requests)}`;
};
