import { DELIVERY_STATES } from '../outbox/delivery.ts';
import type { Delivery, DeliveryAttempt, DeliveryPlace } from '../outbox/delivery.ts';
import type { OperationContext } from './context.ts';

/** A delivery with its newest attempts, oldest first. */
export type DeliveryDetails = {
  readonly delivery: Delivery;
  readonly attempts: readonly DeliveryAttempt[];
};

/** Answers `undefined` where this grant event is not, or no more, to be delivered to this webhook. Throws `StoreError`. */
export const readDelivery = async (
  { store }: Pick<OperationContext, 'store'>,
  { webhookId, sequence }: DeliveryPlace,
): Promise<DeliveryDetails | undefined> => {
  // The list runs from the newest grant event on: the first one below the next event is this one, or there is none.
  const after = { sequence: sequence + 1, webhookId };
  const [deliveries, attempts] = await Promise.all([
    store.listDeliveries({ webhookId, states: DELIVERY_STATES, after, limit: 1 }),
    store.listAttempts({ webhookId, sequence }),
  ]);
  const [delivery] = deliveries;
  return delivery?.grantEvent.sequence === sequence ? { delivery, attempts } : undefined;
};
