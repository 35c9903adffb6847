import { randomUUID } from 'node:crypto';
import { isClientReason, Refusal, StoreError } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { RouteGroup, Visit } from '../wire/route.ts';

/**
 * The response for what a route threw: a refusal as its group renders it, an outage as 503, or a 500 for a bug.
 * Reports each as a log event.
 */
export type RenderFailure = (error: unknown, group: RouteGroup, visit: Visit) => WireResponse;

export const createFailures = (emit: Emit): RenderFailure => {
  const reportRefusal = ({ reason, clientId }: Refusal, { name }: RouteGroup, visit: Visit): void => {
    const { exchange, caller, client } = visit;
    const { requestId } = exchange;
    const about = { dialect: name, requestId, caller, clientId: client?.id ?? clientId };
    if (isClientReason(reason)) emit({ event: 'client.refused', ...about, reason });
    else emit({ event: 'request.refused', ...about, reason });
  };

  return (error, group, visit) => {
    const { requestId } = visit.exchange;
    if (error instanceof Refusal) {
      if (!error.isReported) reportRefusal(error, group, visit);
      return group.renderRefusal(error, visit);
    }
    if (error instanceof StoreError) {
      emit({ event: 'store.unavailable', requestId, kind: error.kind, cause: error.message });
      return group.renderRefusal(new Refusal('store_unavailable'), visit);
    }
    const empty = renderBug(emit, error, requestId);
    try {
      return group.renderBug?.(visit) ?? empty;
    } catch {
      // The bug may be in what the page is made with.
      return empty;
    }
  };
};

/** An empty 500 for a bug, which it reports. */
export const renderBug = (emit: Emit, error: unknown, requestId: string = randomUUID()): WireResponse => {
  const cause = error instanceof Error ? (error.stack ?? error.message) : '';
  emit({ event: 'internal.error', requestId, cause });
  return { status: 500, headers: { 'Cache-Control': 'no-store' }, body: '' };
};
