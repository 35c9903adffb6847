import type { Exchange, WireResponse } from '../wire/exchange.ts';
import { Refusal, StoreError } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller, Emit } from '../log-event.ts';

/** Which check a request is at; the one that refuses it tells what event it is. */
export type Stage = 'request' | 'client' | 'grant';

const CLIENT_REASONS: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  'client_unknown',
  'client_secret_wrong',
  'client_of_other_dialect',
  'client_disabled',
  'throttled',
]);

/** The check that refuses for this reason, of an endpoint that reads no grant. */
export const stageOf = (reason: RefusalReason): Stage => (CLIENT_REASONS.has(reason) ? 'client' : 'request');

/** Tells what went wrong, and renders what is nobody's decision. */
export const createFailures = (emit: Emit) => ({
  reportRefusal(
    stage: Stage,
    reason: RefusalReason,
    about: { dialect: string; requestId: string; caller: Caller; clientId?: string | undefined },
  ): void {
    // Told by whoever counts, once for many requests.
    if (reason === 'throttled') return;
    if (stage === 'client') emit({ event: 'client.refused', ...about, reason });
    // The grant's own refusals have been told with what was found out about it.
    if (stage === 'request') emit({ event: 'request.refused', ...about, reason });
  },

  /** An outage as the wire tells one, or an empty 500 for a bug. */
  render(
    error: unknown,
    { requestId }: Exchange,
    renderRefusal: (refusal: Refusal) => WireResponse,
  ): WireResponse {
    if (error instanceof StoreError) {
      emit({ event: 'store.unavailable', requestId, kind: error.kind, cause: error.message });
      return renderRefusal(new Refusal('store_unavailable'));
    }
    emit({
      event: 'internal.error',
      requestId,
      cause: error instanceof Error ? (error.stack ?? error.message) : '',
    });
    return { status: 500, headers: { 'Cache-Control': 'no-store' }, body: '' };
  },
});

export type Failures = ReturnType<typeof createFailures>;
