import type { Millis } from '../time.ts';
import type { StoredEvent } from './stored-event.ts';

/** A message that an event becomes, for one endpoint. */
export type NewDelivery = { readonly endpoint: string; readonly body: string };

/** A message on its way. Which endpoint and which event it is of is its name. */
export type Delivery = {
  readonly endpoint: string;
  /** The id of its event. */
  readonly eventId: string;
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  readonly createdAtMs: Millis;
};

/** How an attempt ended. `retryInMs` is there where the message is sent again. */
export type DeliveryEnd = {
  readonly outcome: 'delivered' | 'failed' | 'given_up';
  readonly status: number | undefined;
  /** Why it was not accepted; nothing secret. */
  readonly error: string | undefined;
  readonly retryInMs?: Millis | undefined;
};

/** How an endpoint fares. */
export type EndpointHealth = {
  readonly endpoint: string;
  readonly waiting: number;
  /** Of them, those that were tried and not accepted. */
  readonly failing: number;
  readonly oldestAtMs: Millis;
  readonly lastError: string | undefined;
};

/** Events on their way to webhooks. Listeners in a process and webhooks do not take them from each other. */
export type DeliveryVerbs = {
  /**
   * Turns events into messages, oldest first: each event once, and one process at a time, so that the order of one grant's
   * events holds. `render` is called inside the transaction, and is synchronous. An endpoint on which `most` messages wait
   * gets no more: they count as dropped.
   */
  fanOut(
    limit: number,
    most: number,
    render: (event: StoredEvent) => readonly NewDelivery[],
  ): Promise<{ readonly events: number; readonly dropped: readonly string[] }>;
  /**
   * Messages of an endpoint that are due, each for so long for this caller alone. Of one grant only the oldest: the next
   * one waits until that is delivered or given up.
   */
  takeDeliveries(endpoint: string, limit: number, leaseMs: Millis): Promise<readonly Delivery[]>;
  /** Ends an attempt. Returns whether the message was still the caller's. */
  settleDelivery(
    delivery: Pick<Delivery, 'endpoint' | 'eventId' | 'attempts'>,
    end: DeliveryEnd,
  ): Promise<boolean>;
  /** The endpoints on which messages wait. */
  endpointHealth(): Promise<readonly EndpointHealth[]>;
};
