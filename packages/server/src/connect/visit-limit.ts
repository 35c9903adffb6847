import { createFailureBuckets } from '../clients/failure-buckets.ts';
import { networkOf } from '../clients/network.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { Route, Visit } from '../wire/route.ts';

/** How many visits to owners' pages are allowed within a minute; 0 for any number. */
export type VisitLimits = { readonly perAddressMax: number; readonly inTotalMax: number };

const WINDOW_SECONDS = 60;

/**
 * Limits the visits to owners' pages. Nobody proves a secret there: a visit can start a sign-in at the provider, and the
 * consent of a simulated owner stores a code. An address is judged first, so that one address cannot use up the total.
 */
export const createVisitLimit = (
  { perAddressMax, inTotalMax }: VisitLimits,
  { monotonic, emit }: { readonly monotonic: Clock; readonly emit: Emit },
): ((route: Route) => Route) => {
  const buckets = {
    address: createFailureBuckets(perAddressMax, WINDOW_SECONDS),
    total: createFailureBuckets(inTotalMax, WINDOW_SECONDS),
  };

  /** Throws a `Refusal` if the visit is one too many. */
  const count = ({ caller, exchange: { requestId } }: Visit): void => {
    const nowMs = monotonic();
    const places = [
      ['address', networkOf(caller.address)],
      ['total', ''],
    ] as const;
    for (const [bucket, key] of places) {
      const waitMs = buckets[bucket].waitMs(key, nowMs);
      if (waitMs <= 0) continue;
      const report = buckets[bucket].noteRefused(key, nowMs);
      if (report !== undefined)
        emit({ event: 'owners.throttled', requestId, bucket, refused: report.refused, caller });
      throw new Refusal('throttled', [], { retryAfterSeconds: Math.ceil(waitMs / 1000), isReported: true });
    }
    for (const [bucket, key] of places) buckets[bucket].fill(key, nowMs);
  };
  return (route) => (visit) => {
    count(visit);
    return route(visit);
  };
};
