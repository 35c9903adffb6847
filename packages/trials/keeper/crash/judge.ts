import type { Keeper } from '@keyfob/keeper';
import { EXCHANGE_SECONDS, FAST } from '../kept-world.ts';
import { isForgiving } from './counterpart.ts';
import type { Counterpart, SeenRequest } from './counterpart.ts';
import type { CrashCase, DeathStep } from './matrix.ts';

/** What a case showed. `faults` is empty where the keeper kept its promises. */
export type CrashReport = {
  readonly outcome: 'kept' | 'lost';
  readonly isAvoidable: boolean;
  readonly requests: number;
  readonly faults: readonly string[];
};

const WAIT_MS = 90_000;

/** Judges what the second process can do with the grant, after the first one has ended or stopped. */
export const judge = async (wanted: CrashCase, server: Counterpart, keeper: Keeper): Promise<CrashReport> => {
  const faults: string[] = [];
  const events: string[] = [];
  keeper.on('*', ({ event }) => void events.push(event.kind));
  const result = await keeper.tryToken('car', { waitMs: WAIT_MS });
  const isKept = result.status === 'ok';
  if (result.status === 'unavailable') faults.push(`still unavailable: ${result.reason}`);
  if (result.status === 'needs_consent' && result.cause !== 'lost_response')
    faults.push(`cause ${result.cause}`);
  if (isKept) {
    // Only a pair that lives can be refreshed again.
    const again = await keeper.tryToken('car', { rejected: result.accessToken, waitMs: WAIT_MS });
    if (again.status !== 'ok') faults.push(`the stored pair is dead: ${again.status}`);
  }
  await keeper.turn();
  const deaths = events.filter((kind) => kind === 'needs_consent').length;
  if (deaths !== (isKept ? 0 : 1)) faults.push(`${deaths} times needs_consent`);
  const requests = server.requests();
  const isAvoidable = isForgiving(wanted.kind) || !mayHaveUsed(wanted) || requests[0]?.isUsed !== true;
  if (!isKept && isAvoidable) faults.push('an avoidable loss');
  if (!isForgiving(wanted.kind)) faults.push(...overlaps(requests, wanted));
  return { outcome: isKept ? 'kept' : 'lost', isAvoidable, requests: requests.length, faults };
};

/** The moments after which a used token may have no stored answer. */
const UNSTORED: ReadonlySet<DeathStep> = new Set(['connected', 'sent', 'answered', 'before_settle']);

const mayHaveUsed = ({ at, fault }: CrashCase): boolean =>
  UNSTORED.has(at) || fault === 'reset_after' || fault === 'hang_after' || fault === 'half_after';

/**
 * Without an overlap, no token is sent while the send before it may still be answered: a send without an answer counts
 * until its exchange is over, also where its connection was closed before. An exchange begins with its claim, and the
 * request may arrive a lease later.
 */
const overlaps = (requests: readonly SeenRequest[], { signal }: CrashCase): readonly string[] =>
  requests.flatMap((request, index) => {
    const before = requests[index - 1];
    if (before === undefined || before.isAnswered) return [];
    const leastMs = EXCHANGE_SECONDS * 1000 - FAST.leaseMs;
    const afterMs = request.arrivedMs - before.arrivedMs;
    // A stopped process cannot close its connection.
    const isClosed = signal === 'SIGSTOP' || (before.endedMs ?? Infinity) <= request.arrivedMs;
    if (isClosed && afterMs >= leastMs) return [];
    return [`request ${index + 1} was sent ${Math.round(afterMs)} ms after request ${index}`];
  });

const HAD_ANSWER: ReadonlySet<DeathStep> = new Set(['answered', 'before_settle']);

/** Judges what a process did that went on after its lease: nothing may be sent, and what it brings late must be stored. */
export const judgeResumed = async (
  { at, signal, fault }: CrashCase,
  server: Counterpart,
  keeper: Keeper,
  { before, ...report }: CrashReport & { readonly before: number },
): Promise<CrashReport> => {
  if (signal === 'SIGKILL') return report;
  const faults = [...report.faults];
  if (server.requests().length > before) faults.push('a stopped process sent after its lease');
  const bringsPair = HAD_ANSWER.has(at) && fault === 'none';
  if (report.outcome === 'kept' || !bringsPair || !(await server.isGrantAlive()))
    return { ...report, faults };
  const result = await keeper.tryToken('car', { waitMs: WAIT_MS });
  if (result.status !== 'ok') faults.push(`an answer that came late was lost: ${result.status}`);
  return { ...report, outcome: result.status === 'ok' ? 'kept' : 'lost', faults };
};
