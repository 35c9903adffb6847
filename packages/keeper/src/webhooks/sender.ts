import { StoreError } from '../errors.ts';
import type { Delivery, DeliveryEnd, DeliveryVerbs, NewDelivery } from '../stores/deliveries.ts';
import type { StoredEvent } from '../stores/stored-event.ts';
import { days } from '../time.ts';
import type { Clock, Millis } from '../time.ts';
import type { CheckedEndpoint } from './endpoint.ts';
import { renderMessage } from './message.ts';
import { ATTEMPT_MS } from './post.ts';
import type { Post, Posted } from './post.ts';
import { restFor, retryIn } from './retry.ts';
import { signMessage } from './sign.ts';

/** What the sender works with. */
export type SenderParts = {
  readonly store: DeliveryVerbs & { nowMs(): Millis };
  readonly clock: Clock;
  readonly endpoints: readonly CheckedEndpoint[];
  readonly post: Post;
  readonly reconnectUrl: (name: string) => string | undefined;
  /** From 0 to 1. */
  readonly chance: () => number;
  readonly report: (event: WebhookEvent) => void;
  /** Messages that may wait for one endpoint. */
  readonly queueMax: number;
  /** Tells this store's messages from those of others. */
  readonly deploymentId: string;
};

/** What the sender reports. Nothing in it is secret. */
export type WebhookEvent =
  | {
      readonly event: 'webhook.delivered' | 'webhook.failed' | 'webhook.given_up';
      readonly endpoint: string;
      readonly messageId: string;
      readonly attempts: number;
      readonly status: number | undefined;
      readonly reason: string | undefined;
      readonly tookMs: Millis;
    }
  | { readonly event: 'webhook.dropped'; readonly endpoint: string }
  | { readonly event: 'store.failed'; readonly during: string; readonly reason: string };

/** Sends events to webhooks, each at least once and those of one grant in order. Any number of processes may do so. */
export type Sender = {
  start(): void;
  /** Starts no more attempts, and ends those that still run after so long: another process repeats them. */
  stop(waitMs: Millis): Promise<void>;
};

const SCAN_MS = 1000;
const FANNED_AT_ONCE = 200;
const AT_ONCE = 4;
/** Longer than an attempt and its settlement: who holds a message for longer is dead. */
const LEASE_MS = ATTEMPT_MS + 45_000;
/** Older events are of no use: a service that starts for the first time does not send the past. */
const OLDEST_MS = days(3);
const GONE = 410;

type Place = {
  readonly endpoint: CheckedEndpoint;
  running: number;
  failures: number;
  restsUntilMs: Millis;
};

/** A sender that has not started. */
export const createSender = (parts: SenderParts): Sender => {
  const { store, clock, endpoints } = parts;
  const places = endpoints.map((endpoint): Place => ({
    endpoint,
    running: 0,
    failures: 0,
    restsUntilMs: -Infinity,
  }));
  const running = new Set<Promise<void>>();
  const ending = new AbortController();
  let cancel: (() => void) | undefined;
  let turning: Promise<void> | undefined;
  let isStopped = false;

  const fanOut = async (): Promise<void> => {
    for (;;) {
      const { events, dropped } = await store.fanOut(FANNED_AT_ONCE, parts.queueMax, (event) =>
        deliveriesOf(parts, event),
      );
      for (const endpoint of dropped) parts.report({ event: 'webhook.dropped', endpoint });
      if (events < FANNED_AT_ONCE || isStopped) return;
    }
  };

  const take = async (place: Place): Promise<void> => {
    // A failing endpoint gets one message at a time, until it accepts one.
    const room = (place.failures > 0 ? 1 : AT_ONCE) - place.running;
    if (room <= 0 || isStopped || clock.monotonicMs() < place.restsUntilMs) return;
    place.running += room;
    let taken: readonly Delivery[] = [];
    try {
      taken = await store.takeDeliveries(place.endpoint.name, room, LEASE_MS);
    } finally {
      place.running -= room - taken.length;
    }
    for (const delivery of taken) start(place, delivery);
  };

  const start = (place: Place, delivery: Delivery): void => {
    const attempt = survive(parts, async () => {
      await attemptOnce(parts, place, delivery, ending.signal);
    }).finally(() => {
      place.running -= 1;
      running.delete(attempt);
      void survive(parts, () => take(place));
    });
    running.add(attempt);
  };

  const turn = async (): Promise<void> => {
    await fanOut();
    for (const place of places) await take(place);
  };

  const schedule = (delayMs: Millis): void => {
    if (isStopped) return;
    cancel = clock.inBackground(delayMs, () => {
      turning = survive(parts, turn).finally(() => {
        turning = undefined;
        schedule(SCAN_MS);
      });
    });
  };

  return {
    start: () => schedule(0),
    async stop(waitMs) {
      isStopped = true;
      cancel?.();
      const cut = clock.after(waitMs, () => ending.abort());
      await turning;
      while (running.size > 0) await Promise.all(running);
      cut();
    },
  };
};

/** A store that is away ends nothing: what is due stays due. */
const survive = async ({ report }: SenderParts, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    report({ event: 'store.failed', during: 'webhooks', reason: error.message });
  }
};

const deliveriesOf = (
  { store, endpoints, reconnectUrl }: SenderParts,
  event: StoredEvent,
): readonly NewDelivery[] => {
  if (store.nowMs() - event.atMs > OLDEST_MS) return [];
  const wanting = endpoints.filter(({ kinds }) => kinds.has(event.event.kind));
  if (wanting.length === 0) return [];
  const body = renderMessage(event, reconnectUrl);
  return wanting.map(({ name }) => ({ endpoint: name, body }));
};

const attemptOnce = async (
  { store, clock, post, chance, report, deploymentId }: SenderParts,
  place: Place,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> => {
  const { name, url, keys } = place.endpoint;
  const { body, attempts } = delivery;
  // The same at every attempt, so that a receiver recognises a message that it got twice. A store that was put back from a
  // backup gives numbers again, but not at the same moment.
  const moment = delivery.createdAtMs.toString(36);
  const id = `evt_${deploymentId.slice(0, 8)}_${moment}_${delivery.eventId}`;
  const startedMs = clock.monotonicMs();
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'keyfob-keeper',
    connection: 'close',
    ...signMessage(keys, { id, body, nowMs: clock.wallMs() }),
  };
  const posted = await post({ url, headers, body }, signal);
  const end = endOf(posted, attempts, signal.aborted, chance());
  place.failures = end.outcome === 'delivered' ? 0 : place.failures + 1;
  place.restsUntilMs = clock.monotonicMs() + restFor(place.failures);
  if (!(await store.settleDelivery(delivery, end))) return;
  report({
    event: `webhook.${end.outcome}`,
    endpoint: name,
    messageId: id,
    attempts,
    status: end.status,
    reason: end.error,
    tookMs: Math.round(clock.monotonicMs() - startedMs),
  });
};

const endOf = (
  { status, error }: Posted,
  attempts: number,
  isStopping: boolean,
  chance: number,
): DeliveryEnd => {
  if (status !== undefined && status >= 200 && status < 300)
    return { outcome: 'delivered', status, error: undefined };
  const reason = error ?? `answered ${status}`;
  // 410: the receiver wants no more of this.
  const retryInMs = status === GONE ? undefined : isStopping ? 0 : retryIn(attempts, chance);
  return retryInMs === undefined
    ? { outcome: 'given_up', status, error: reason }
    : { outcome: 'failed', status, error: reason, retryInMs };
};
