import { StoreError } from '../errors.ts';
import type { ClientEvent, GrantEvent } from '../grants/events.ts';
import type { LogEvent } from '../refresh/engine.ts';
import type { EventVerbs, StoredEvent } from '../stores/store.ts';
import type { Millis } from '../time.ts';

/** The names of events. */
export type EventKind = (GrantEvent | ClientEvent)['kind'];

/** Called with an event. It may be called again with the same one if the process ends before it returns: use its id. */
export type Listener = (event: StoredEvent) => void | Promise<void>;

/** Hands events from the outbox to listeners: each at least once, in order, acknowledged when every listener is done. */
export type Dispatcher = {
  on(kind: EventKind | '*', listener: Listener): () => void;
  /** Delivers what waits. Joins a delivery that runs. Never rejects. */
  dispatch(): Promise<void>;
};

const TAKEN_AT_ONCE = 50;

/** A dispatcher without listeners. Where there is none, events wait for those of a later start. */
export const createDispatcher = (
  store: EventVerbs,
  holdMs: Millis,
  log: (event: LogEvent) => void,
): Dispatcher => {
  const listeners = new Map<EventKind | '*', Set<Listener>>();
  let running: Promise<void> | undefined;
  let isWanted = false;

  const deliver = async (event: StoredEvent): Promise<boolean> => {
    const wanted = [...(listeners.get(event.event.kind) ?? []), ...(listeners.get('*') ?? [])];
    try {
      for (const listener of wanted) await listener(event);
      return true;
    } catch (error) {
      log({
        event: 'listener.failed',
        kind: event.event.kind,
        reason: error instanceof Error ? error.name : 'unknown',
      });
      return false;
    }
  };

  const run = async (): Promise<void> => {
    do {
      isWanted = false;
      const events = await store.takeEvents(TAKEN_AT_ONCE, holdMs);
      for (const event of events) if (await deliver(event)) await store.ackEvents([event.id]);
      if (events.length === TAKEN_AT_ONCE) isWanted = true;
    } while (isWanted);
  };

  return {
    on(kind, listener) {
      const set = listeners.get(kind) ?? new Set();
      listeners.set(kind, set.add(listener));
      return () => void set.delete(listener);
    },
    async dispatch() {
      if ([...listeners.values()].every(({ size }) => size === 0)) return;
      isWanted = true;
      running ??= run()
        .catch((error: unknown) => {
          if (!(error instanceof StoreError)) throw error;
          log({ event: 'store.failed', during: 'events', reason: error.message });
        })
        .finally(() => (running = undefined));
      await running;
    },
  };
};
